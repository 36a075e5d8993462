package sources

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"carillon/campaign"
)

// querySQLite writes the rows of a query. The file is opened for reading, and
// no other can be attached to it.
func querySQLite(ctx context.Context, src campaign.Source, o Options, to io.Writer) (err error) {
	path, err := databaseFile(strings.TrimPrefix(src.DSN, sqliteScheme), o)
	if err != nil {
		return err
	}
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?mode=ro&_pragma=busy_timeout(10000)&_pragma=query_only(1)"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("the database cannot be opened: %w", err)
	}
	defer func() { _ = conn.Close() }() // db.Close says what matters
	for limit, most := range map[int]int{sqlite3.SQLITE_LIMIT_ATTACHED: 0, sqlite3.SQLITE_LIMIT_LENGTH: longestRow} {
		if _, err := sqlite.Limit(conn, limit, most); err != nil {
			return err
		}
	}
	rows, err := conn.QueryContext(ctx, src.Query)
	if err != nil {
		return explainSQLite(err)
	}
	defer rows.Close()
	return explainSQLite(copyRows(rows, to))
}

// databaseFile is where a database lies. One that is not there would be an
// empty one, and one that is confined is looked for within the folder.
func databaseFile(name string, o Options) (string, error) {
	where, err := openFolder(o)
	if err != nil {
		return "", err
	}
	defer where.close()
	var about fs.FileInfo
	switch {
	case where.root == nil:
		about, err = os.Stat(where.place(name))
	case !filepath.IsLocal(name):
		return "", refusef("the path leads out of %s, where lists are read from; put the database there", o.Dir)
	default:
		about, err = where.root.Stat(name)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("database %s does not exist (%w); correct dsn", where.place(name), fs.ErrNotExist)
	case err != nil:
		return "", err
	case !about.Mode().IsRegular():
		return "", fmt.Errorf("%s is not a regular file; correct dsn", name)
	}
	return where.place(name), nil
}

func copyRows(rows *sql.Rows, to io.Writer) error {
	types, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	if len(types) == 0 {
		return refusef("the query gives no columns; write a SELECT")
	}
	columns, values, into := make([]string, len(types)), make([]any, len(types)), make([]any, len(types))
	for i, column := range types {
		columns[i], into[i] = column.Name(), &values[i]
	}
	t, err := newTable(to, columns)
	if err != nil {
		return err
	}
	cells := make([]string, len(types))
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i, value := range values {
			if cells[i], err = sqliteText(types[i].DatabaseTypeName(), value); err != nil {
				return fmt.Errorf("row %d, column %q: %w", t.rows+1, columns[i], err)
			}
		}
		if err := t.add(cells); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return t.close()
}

// sqliteText is a value as it stands in a list. A number has all its digits and
// no exponent: it may be a phone number.
func sqliteText(declared string, value any) (string, error) {
	switch v := value.(type) {
	case nil:
		return "", nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case string:
		return v, nil
	case time.Time:
		if strings.EqualFold(declared, "DATE") {
			return v.Format(time.DateOnly), nil
		}
		return v.Format(time.RFC3339Nano), nil
	case []byte:
		if utf8.Valid(v) {
			return string(v), nil
		}
		return "", errors.New("the value is binary; leave the column out, or convert it to text")
	}
	return "", fmt.Errorf("a value has the type %T; convert it to text", value)
}

// explainSQLite tells what the query itself is wrong in from what may pass.
func explainSQLite(err error) error {
	var failed *sqlite.Error
	if !errors.As(err, &failed) {
		return err
	}
	switch failed.Code() & 0xff { // without what extends it
	case sqlite3.SQLITE_READONLY:
		return refusef("the query writes, and lists are only read; write a SELECT: %w", err)
	case sqlite3.SQLITE_ERROR, sqlite3.SQLITE_AUTH:
		return refusef("the query is not understood or not allowed; correct it: %w", err)
	}
	return fmt.Errorf("the query failed: %w", err)
}
