package simulator

import (
	"cmp"
	"encoding/json"
	"net/http"
	"sync"
)

// Number is how the simulated number stands, in Meta's words. What is empty stays
// as it is.
type Number struct {
	// Quality is GREEN, YELLOW or RED.
	Quality string `json:"quality"`
	// Tier is the messaging limit, such as TIER_2K.
	Tier string `json:"tier"`
	// Throughput is STANDARD or HIGH.
	Throughput string `json:"throughput"`
	// Status is CONNECTED, FLAGGED, RESTRICTED or BANNED, NameStatus that of the
	// display name.
	Status     string `json:"status"`
	NameStatus string `json:"name_status"`
	// Health is AVAILABLE, LIMITED or BLOCKED.
	Health string `json:"health"`
}

// number is the Number at this moment.
type number struct {
	mu  sync.Mutex
	now Number
}

func newNumber() *number {
	return &number{now: Number{Quality: "GREEN", Tier: "TIER_UNLIMITED", Throughput: "STANDARD", Status: "CONNECTED", NameStatus: "APPROVED", Health: "AVAILABLE"}}
}

// SetNumber changes how the number stands. Nobody is told: Tell does that.
func (s *Simulator) SetNumber(n Number) {
	s.number.mu.Lock()
	defer s.number.mu.Unlock()
	now := &s.number.now
	now.Quality, now.Tier, now.Throughput = cmp.Or(n.Quality, now.Quality), cmp.Or(n.Tier, now.Tier), cmp.Or(n.Throughput, now.Throughput)
	now.Status, now.NameStatus, now.Health = cmp.Or(n.Status, now.Status), cmp.Or(n.NameStatus, now.NameStatus), cmp.Or(n.Health, now.Health)
}

func (s *Simulator) numberNow() Number {
	s.number.mu.Lock()
	defer s.number.mu.Unlock()
	return s.number.now
}

// serveNumber takes a Number.
func (s *Simulator) serveNumber(w http.ResponseWriter, r *http.Request) {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxControl))
	decoder.DisallowUnknownFields()
	var n Number
	if err := decoder.Decode(&n); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.SetNumber(n)
	w.WriteHeader(http.StatusNoContent)
}

// health is whether the number can send (Meta, health status page).
func (n Number) health() object {
	return object{"can_send_message": n.Health, "entities": []object{{"entity_type": "PHONE_NUMBER", "can_send_message": n.Health}}}
}

// dialog360Health answers who asks whether the number can send (360dialog, health
// status).
func dialog360Health(s *Simulator, r *http.Request) answer {
	if wrongKey(r, s.options) {
		return s.options.Dialect.refuse(refusal{reason: badToken})
	}
	return saysOf(object{"health_status": s.numberNow().health()})
}

// clientHealth answers who asks whether the on-premises client is connected.
func clientHealth(s *Simulator, r *http.Request) answer {
	if wrongKey(r, s.options) {
		return s.options.Dialect.refuse(refusal{reason: badToken})
	}
	return saysOf(object{"health": object{"gateway_status": cmp.Or(map[string]string{"CONNECTED": "connected", "BANNED": "disconnected"}[s.numberNow().Status], "connected")}})
}

func saysOf(body object) answer {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // texts always marshal
	}
	return answer{status: http.StatusOK, kind: typeJSON, body: text}
}
