package sources

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgtype"

	"carillon/campaign"
)

const (
	// connectTimeout is for a database whose address names none; ours.
	connectTimeout = 10 * time.Second
	// farewell is how long a connection may take to end; ours.
	farewell = 5 * time.Second
	// longestRow is how many bytes a row of a query may have, far beyond what a
	// list may: the driver keeps it in memory as a whole.
	longestRow = 16 << 20
)

// queryPostgres writes the rows of a query. It runs in a transaction that may
// not write, and only if it has columns, which no command has.
func queryPostgres(ctx context.Context, src campaign.Source, o Options, to io.Writer) (err error) {
	config, err := pgconn.ParseConfig(src.DSN)
	if err != nil { // err quotes the address
		return refusef("dsn is not a PostgreSQL address; write postgres://user@host/database")
	}
	config.RuntimeParams["application_name"] = "carillon"
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	config.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		front := pgproto3.NewFrontend(r, w)
		front.SetMaxBodyLen(longestRow)
		return front
	}
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("cannot connect to the database; start it, or correct dsn: %w", err)
	}
	defer func() { // the transaction ends with it
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
		defer cancel()
		_ = conn.Close(ctx) // everything was read
	}()
	if _, err := conn.Exec(ctx, beginReading(o.Timeout)).ReadAll(); err != nil {
		return fmt.Errorf("begin to read: %w", err)
	}
	statement, err := conn.Prepare(ctx, "", src.Query, nil)
	if err != nil {
		return explainPostgres(err)
	}
	if len(statement.Fields) == 0 {
		return refusef("the query gives no columns; write a SELECT")
	}
	return explainPostgres(writeRows(conn.ExecPrepared(ctx, "", nil, nil, nil), statement.Fields, to))
}

// beginReading begins a transaction in which values are written in one way,
// whatever the database is set to.
func beginReading(timeout time.Duration) string {
	return fmt.Sprintf(`BEGIN TRANSACTION READ ONLY;
SET LOCAL statement_timeout = %d;
SET LOCAL client_encoding = 'UTF8';
SET LOCAL DateStyle = 'ISO, YMD';
SET LOCAL TimeZone = 'UTC';
SET LOCAL extra_float_digits = 1;`, timeout.Milliseconds())
}

func writeRows(result *pgconn.ResultReader, fields []pgconn.FieldDescription, to io.Writer) error {
	columns := make([]string, len(fields))
	for i, field := range fields {
		columns[i] = field.Name
	}
	t, err := newTable(to, columns)
	if err != nil {
		return err
	}
	cells := make([]string, len(fields))
	for result.NextRow() {
		for i, value := range result.Values() {
			cells[i] = postgresText(fields[i].DataTypeOID, string(value))
		}
		if err := t.add(cells); err != nil {
			return err
		}
	}
	if _, err := result.Close(); err != nil {
		return err
	}
	return t.close()
}

// postgresText is a value as it stands in a list; NULL comes as an empty text.
// PostgreSQL writes whole numbers and decimals in full, and a double with up to
// 15 digits before the point, as many as a phone number has (PostgreSQL manual,
// 8.1.3). A timestamp without a zone stays without.
func postgresText(kind uint32, text string) string {
	switch kind {
	case pgtype.BoolOID:
		switch text {
		case "t":
			return "true"
		case "f":
			return "false"
		}
	case pgtype.TimestamptzOID:
		if date, clock, ok := strings.Cut(strings.TrimSuffix(text, "+00"), " "); ok && strings.HasSuffix(text, "+00") {
			return date + "T" + clock + "Z"
		}
	case pgtype.TimestampOID:
		if date, clock, ok := strings.Cut(text, " "); ok && !strings.Contains(clock, " ") {
			return date + "T" + clock
		}
	}
	return text
}

// quotedValue is a value that PostgreSQL quotes at the end of a message.
var quotedValue = regexp.MustCompile(`: ".*"$`)

// explainPostgres tells what the query itself is wrong in from what may pass. It
// repeats no value of a row, which may be a person's number.
func explainPostgres(err error) error {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return err
	}
	// Appendix A of the PostgreSQL manual; class 42 is about the statement's text
	// and what it may touch, class 22 about values.
	const readOnly, mistaken, values = "25006", "42", "22"
	switch {
	case strings.HasPrefix(refused.Code, values):
		return fmt.Errorf("the query failed: %s (SQLSTATE %s)", quotedValue.ReplaceAllString(refused.Message, ""), refused.Code)
	case refused.Code == readOnly:
		return refusef("the query writes, and lists are only read; write a SELECT: %w", err)
	case strings.HasPrefix(refused.Code, mistaken):
		return refusef("the query is not understood or not allowed; correct it: %w", err)
	}
	return fmt.Errorf("the query failed: %w", err)
}
