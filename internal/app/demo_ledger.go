package app

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"

	"carillon/internal/cli"
)

// demoLedger makes a ledger for the demo alone: a file in a folder, or a database
// on the PostgreSQL server that address names. What address says of a database is
// where that is made from; nothing is written there. drop removes it.
func demoLedger(ctx context.Context, address, folder string) (ledger string, drop func() error, err error) {
	if address == "" {
		return "sqlite:" + filepath.Join(folder, "carillon.db"), func() error { return nil }, nil
	}
	server, err := url.Parse(address)
	if err != nil || server.Scheme != "postgres" && server.Scheme != "postgresql" || server.Host == "" {
		return "", nil, cli.Usagef("--ledger is not the address of a PostgreSQL server; write one like postgres://user@host/postgres")
	}
	name := "carillon_demo_" + strings.ToLower(rand.Text()[:12])
	if err := administer(ctx, address, "CREATE DATABASE "+name); err != nil {
		return "", nil, fmt.Errorf("make a database for the demo: %w; name a server whose user may make one", err)
	}
	made := *server
	made.Path = "/" + name
	return made.String(), func() error {
		// Whoever interrupts the demo leaves no database behind either.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		if err := administer(ctx, address, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			return fmt.Errorf("remove the demo's database %s: %w", name, err)
		}
		return nil
	}, nil
}

// administer runs one statement on a PostgreSQL server.
func administer(ctx context.Context, address, statement string) error {
	db, err := sql.Open("pgx", address)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, statement)
	return errors.Join(err, db.Close())
}
