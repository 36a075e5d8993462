package campaign

// NumberState is how a sending number stands with its provider. What is not told is
// empty or 0.
type NumberState struct {
	// Quality, Tier, Throughput, Status and NameStatus are the provider's words in
	// lower case: of the number's quality, its messaging limit, its throughput,
	// itself and its display name.
	Quality, Tier, Throughput, Status, NameStatus string
	// DailyRecipients is the messaging limit as different people within 24 hours;
	// NoLimit where there is none.
	DailyRecipients int
	// Rate is the throughput in messages a second.
	Rate float64
	// Health is whether the number can send: available, limited or blocked (Meta,
	// health status page).
	Health string
}

// Limits are what a sending number may send.
type Limits struct {
	// Rate is in messages a second, 0 for no limit.
	Rate float64
	// DailyRecipients is how many different people the number's portfolio may write
	// to within 24 hours, 0 for no limit.
	DailyRecipients int
}

const (
	// NoLimit is the DailyRecipients of who may write to anybody.
	NoLimit = -1
	// LowestDailyRecipients is the messaging limit of a new business (Meta, messaging
	// limits page).
	LowestDailyRecipients = 250
	// HealthAvailable is the Health of a number that can send.
	HealthAvailable = "available"
)

// CannotSend reports whether nothing can be sent from the number (Meta, phone
// number statuses; a number that is only flagged can).
func (s NumberState) CannotSend() bool {
	switch s.Status {
	case "banned", "restricted", "disconnected":
		return true
	}
	return s.Health == "blocked"
}

// CanSend reports whether it is told that it can.
func (s NumberState) CanSend() bool {
	return !s.CannotSend() && (s.Health == HealthAvailable || s.Health == "" && s.Status == "connected")
}

// WorseThan reports whether the quality has fallen since another state.
func (s NumberState) WorseThan(before NumberState) bool {
	rank := map[string]int{"green": 1, "yellow": 2, "red": 3}
	return rank[before.Quality] > 0 && rank[s.Quality] > rank[before.Quality]
}
