package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// machine is what the figures were taken on.
type machine struct {
	Date   string  `json:"date"`
	Cores  int     `json:"cores"`
	Memory float64 `json:"memory_mb"`
	Kernel string  `json:"kernel"`
	Go     string  `json:"go"`
	Load   string  `json:"load"`
	// Disk is the file system of the ledgers, Flush how long it takes to flush
	// 4 KiB to it, in milliseconds.
	Disk  string  `json:"disk"`
	Flush float64 `json:"flush_ms"`
	// Durability is what makes a commit survive a crash.
	Durability string `json:"durability"`
}

func (t *tools) machine() machine {
	m := machine{
		Date: time.Now().UTC().Format(time.RFC3339), Cores: runtime.NumCPU(), Go: runtime.Version() + " " + runtime.GOARCH,
		Kernel: read("/proc/sys/kernel/osrelease"), Load: read("/proc/loadavg"), Disk: fileSystem(t.folder),
		Durability: "SQLite " + pragmas(t.program) + "; Redis save \"\", appendonly no; PostgreSQL as its notes say",
	}
	if text := read("/proc/meminfo"); text != "" {
		m.Memory, _ = parseMemory(text, "MemTotal") // 0 is unknown
	}
	if flush, err := flushTime(t.folder); err == nil {
		m.Flush = milliseconds(flush)
	}
	return m
}

func (m machine) markdown(out io.Writer) {
	fmt.Fprintf(out, "%s, %d cores, %.1f GB, Linux %s, %s, load %s\n", m.Date, m.Cores, m.Memory/1000, m.Kernel, m.Go, m.Load)
	fmt.Fprintf(out, "Ledgers on %s, which takes %.2f ms (median) to flush 4 KiB.\n", m.Disk, m.Flush)
	fmt.Fprintf(out, "Durability: %s.\n", m.Durability)
}

func read(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return "" // not every system has it
	}
	return strings.TrimSpace(string(text))
}

// pragmas are those that the program opens SQLite with, as they stand in the
// built file: they belong to a connection, so nobody else can ask for them.
func pragmas(program string) string {
	text, err := os.ReadFile(program)
	if err != nil {
		return err.Error()
	}
	var found []string
	for _, pattern := range []string{`synchronous\((OFF|NORMAL|FULL|EXTRA)\)`, `journal_mode\((WAL|DELETE|MEMORY|OFF)\)`} {
		for _, match := range regexp.MustCompile(pattern).FindAll(text, -1) {
			if !slices.Contains(found, string(match)) {
				found = append(found, string(match))
			}
		}
	}
	if len(found) == 0 {
		return "with unknown pragmas"
	}
	return strings.Join(found, " ")
}

// postgresSettings are those that make a commit durable, as the server says
// for a session like ours.
func postgresSettings(ctx context.Context, address string) (_ string, err error) {
	db, err := sql.Open("pgx", address)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var told []string
	for _, name := range []string{"server_version", "synchronous_commit", "fsync", "full_page_writes"} {
		var value string
		if err := db.QueryRowContext(ctx, "SHOW "+name).Scan(&value); err != nil {
			return "", err
		}
		told = append(told, name+"="+value)
	}
	return strings.Join(told, " "), nil
}

// fileSystem names the one that a folder is on (statfs(2)).
func fileSystem(folder string) string {
	var about syscall.Statfs_t
	if err := syscall.Statfs(folder, &about); err != nil {
		return err.Error()
	}
	switch about.Type {
	case 0xef53:
		return "ext4"
	case 0x58465342:
		return "xfs"
	case 0x9123683e:
		return "btrfs"
	case 0x794c7630:
		return "overlayfs"
	case 0x01021994:
		return "tmpfs, which is no disk; set TMPDIR"
	}
	return fmt.Sprintf("a file system of type %#x", about.Type)
}

// flushTime is the median of 50 flushes.
func flushTime(folder string) (_ time.Duration, err error) {
	path := filepath.Join(folder, "flush")
	file, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, file.Close(), os.Remove(path)) }()
	var all []time.Duration
	for range 50 {
		begun := time.Now()
		if _, err := file.Write(make([]byte, 4096)); err != nil {
			return 0, err
		}
		if err := file.Sync(); err != nil {
			return 0, err
		}
		all = append(all, time.Since(begun))
	}
	return quantile(all, 0.5), nil
}
