package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"syscall"

	"carillon/ledger"
	"carillon/whatsapp"
)

// What has to be free on the ledger's disk, in bytes. The figures are ours: a list of
// a million people with two steps takes less than the first.
const (
	littleSpace = 1 << 30
	noSpace     = 100 << 20
)

// ledger looks at the record, and at the disk of one in a file.
func (d *doctor) ledger(ctx context.Context) []whatsapp.Finding {
	var e whatsapp.Examination
	s, err := ledger.Look(ctx, d.config.Ledger)
	switch {
	case err != nil:
		e.Fault("ledger", err.Error(), "correct `ledger` in the configuration, or what it names")
	case s.Held:
		d.askServer(ctx, &e)
	case s.Version == 0:
		e.Add("ledger", s.Engine+" can be written; the first start makes its tables")
	case s.Version < s.Known:
		e.Doubt("ledger", fmt.Sprintf("%s has tables of version %d, and this program's are %d", s.Engine, s.Version, s.Known), "copy it, then run carillon migrate, or start the server")
	default:
		e.Add("ledger", fmt.Sprintf("%s can be written, with tables of version %d", s.Engine, s.Version))
	}
	if err == nil && s.File == "" {
		compareClock(&e, "PostgreSQL's", s.Ahead, false)
	}
	if s.File != "" {
		d.disk(&e, filepath.Dir(s.File))
	}
	return e.Findings
}

// askServer asks the server that has the ledger open whether it is ready.
func (d *doctor) askServer(ctx context.Context, e *whatsapp.Examination) {
	host, port, err := net.SplitHostPort(d.config.HTTP.Listen)
	if ip := net.ParseIP(host); err != nil || host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	address := "http://" + net.JoinHostPort(host, port) + "/readyz"
	const open = "SQLite is open in a running carillon"
	status, said, err := d.get(ctx, address)
	switch {
	case err != nil:
		e.Doubt("ledger", open+", which does not answer at "+address, "see that it runs with this configuration")
	case status == http.StatusOK:
		e.Add("ledger", open+", which is ready")
	case status == http.StatusServiceUnavailable:
		e.Fault("ledger", open+", which is not ready: "+said, "see the server's log")
	default:
		e.Doubt("ledger", fmt.Sprintf("%s, and %s answers HTTP %d", open, address, status), "see that it runs with this configuration")
	}
}

// get asks a server of ours, which explains what is wrong in a problem document.
func (d *doctor) get(ctx context.Context, address string) (status int, detail string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, "", err
	}
	answer, err := d.http.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = answer.Body.Close() }()
	var problem struct {
		Detail string `json:"detail"`
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, longestAnswer))
	if err != nil {
		return answer.StatusCode, "", err
	}
	if json.Unmarshal(body, &problem) != nil {
		return answer.StatusCode, "it does not say why", nil
	}
	return answer.StatusCode, problem.Detail, nil
}

// disk says how much of a folder's disk is free. What cannot be told is not worth a
// word.
func (d *doctor) disk(e *whatsapp.Examination, folder string) {
	free, err := d.free(folder)
	if err != nil {
		if !errors.Is(err, syscall.ENOENT) { // which the ledger has said
			e.Doubt("disk", "how much is free is not told: "+err.Error(), "see that the ledger's disk has room")
		}
		return
	}
	found := fmt.Sprintf("%.1f GB are free where the ledger is", float64(free)/1e9)
	const room = "make room, or move the ledger: a full disk stops all campaigns"
	switch {
	case free < noSpace:
		e.Fault("disk", found, room)
	case free < littleSpace:
		e.Doubt("disk", found, room)
	default:
		e.Add("disk", found)
	}
}

// freeSpace is what an ordinary user may still write on a folder's disk, in bytes.
func freeSpace(folder string) (uint64, error) {
	var about syscall.Statfs_t
	if err := syscall.Statfs(folder, &about); err != nil {
		return 0, err
	}
	return about.Bavail * uint64(about.Bsize), nil
}
