package main

import (
	"fmt"
	"io"
	"net/http"
)

const (
	dailySlot     = `{"at":"2026-03-02T08:00:00Z","state":"done","campaign_id":"abc","detail":"2 rows","by":"","tries":1}`
	dailySchedule = `{"name":"daily","cron":"0 9 * * 1-5","zone":"Europe/Madrid","overlap":"skip","catch_up":"last",
		"contacts":"https://lists.example/%Y.csv","campaign":"spring","origin":"api","paused":false,
		"next_at":"2026-03-03T08:00:00Z","last":` + dailySlot + `}`
	pausedSchedule = `{"name":"daily","cron":"0 9 * * 1-5","zone":"Europe/Madrid","overlap":"skip","catch_up":"last",
		"contacts":"lists/a.csv","campaign":"spring","origin":"config","paused":true,"next_at":null,"last":null}`
	// addedSchedule is what the script sends.
	addedSchedule = `{"name":"daily","campaign":"name: x\n","contacts":{"url":"https://lists.example/%Y.csv?key=1",` +
		`"headers":{"Authorization":"Bearer a=b","X-Key":""},"allow_private":true},"cron":"0 9 * * 1-5",` +
		`"zone":"Europe/Madrid","overlap":"queue","catch_up":"all"}`
)

// scheduleServer has the schedule daily, and takes one more.
func scheduleServer(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	switch call := r.Method + " " + r.URL.RequestURI(); {
	case call == "GET /api/schedules":
		fmt.Fprintf(w, `{"items":[%s,%s]}`, dailySchedule, pausedSchedule)
	case call == "POST /api/schedules" && string(body) == addedSchedule:
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, dailySchedule)
	case call == "POST /api/schedules":
		w.WriteHeader(http.StatusUnprocessableEntity)
		fmt.Fprintf(w, `{"title":"Mistakes","status":422,"detail":%q}`, body)
	case call == "GET /api/schedules/daily", call == "POST /api/schedules/daily/resume":
		fmt.Fprint(w, dailySchedule)
	case call == "POST /api/schedules/daily/pause":
		fmt.Fprint(w, pausedSchedule)
	case call == "POST /api/schedules/daily/run":
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, `{"at":"2026-03-02T10:11:12Z","state":"due","campaign_id":null,"detail":"","by":"ops","tries":0}`)
	case call == "DELETE /api/schedules/daily":
		w.WriteHeader(http.StatusNoContent)
	case call == "DELETE /api/schedules/fixed":
		w.WriteHeader(http.StatusConflict)
		fmt.Fprint(w, `{"title":"Wrong origin","status":409,"detail":"fixed is in the configuration","hint":"remove it there"}`)
	case call == "GET /api/schedules/daily/slots?limit=50":
		fmt.Fprintf(w, `{"items":[%s],"next":"older"}`, dailySlot)
	case call == "GET /api/schedules/daily/slots?cursor=older&limit=49":
		fmt.Fprint(w, `{"items":[{"at":"2026-02-27T08:00:00Z","state":"failed","campaign_id":null,"detail":"no list","by":"ops","tries":5}],"next":null}`)
	case call == "GET /api/schedules/daily/slots?limit=1":
		fmt.Fprintf(w, `{"items":[%s],"next":"older"}`, dailySlot)
	default:
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"title":"Not found","status":404,"detail":"schedule not found","hint":"list them"}`)
	}
}
