package database_test

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"carillon/internal/postgrestest"
	"carillon/ledger/database"
)

// thing is a row of the table that these tests fill.
type thing struct {
	ID   int64
	Word sql.NullString
	N    sql.NullInt64
}

const (
	insertThings = `INSERT INTO things (id, word, n) SELECT CAST(v.column1 AS BIGINT), v.column2, CAST(v.column3 AS BIGINT) FROM (BATCH) AS v`
	changeThings = `UPDATE things SET word = v.column2 FROM (BATCH) AS v WHERE things.id = CAST(v.column1 AS BIGINT) RETURNING id`
)

// TestBatches writes and changes so many rows on both engines, and reads them.
func TestBatches(t *testing.T) {
	for name, url := range map[string]string{
		"sqlite":   "sqlite:" + filepath.Join(t.TempDir(), "things.db"),
		"postgres": postgrestest.Start(t).Database(t),
	} {
		t.Run(name, func(t *testing.T) {
			table := &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE things (id BIGINT PRIMARY KEY, word TEXT, n BIGINT);\n")}
			db, err := database.Open(t.Context(), url, fstest.MapFS{"migrations/" + name + "/00001_things.sql": table})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			})
			for _, n := range []int{0, 1, 2, 7, 128, 129, 300, 1000} {
				if diff := cmp.Diff(fill(t, db, n), things(t, db)); diff != "" {
					t.Errorf("%d rows: %s", n, diff)
				}
			}
		})
	}
}

// fill writes so many things and changes every third of them. It returns what is to
// be found then.
func fill(t *testing.T, db *database.DB, n int) []thing {
	t.Helper()
	var want []thing
	rows, changes := database.NewRows(3, n), database.NewRows(2, 0)
	changed := 0
	for i := range n {
		w := thing{ID: int64(math.MaxInt64 - n + i)}
		var word, number any
		if i%2 == 0 {
			w.Word = sql.NullString{String: fmt.Sprintf("it's \"%d\" \\ {a,NULL} \u00fc\ufffd", i), Valid: true}
			word = fmt.Sprintf("it's \"%d\" \\ {a,NULL} \u00fc\xff", i)
		}
		if i%5 != 0 {
			w.N = sql.NullInt64{Int64: int64(-i), Valid: true}
			number = -i
		}
		rows.Add(w.ID, word, number)
		if i%3 == 0 {
			w.Word = sql.NullString{Valid: true}
			changes.Add(w.ID, "")
			changed++
		}
		want = append(want, w)
	}
	err := db.Transact(t.Context(), func(ctx context.Context, tx database.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM things`); err != nil {
			return err
		}
		for text, args := range db.Batches(insertThings, rows) {
			if _, err := tx.ExecContext(ctx, text, args...); err != nil {
				return err
			}
		}
		for text, args := range db.Batches(changeThings, changes) {
			result, err := tx.ExecContext(ctx, text, args...)
			if err != nil {
				return err
			}
			done, err := result.RowsAffected()
			if err != nil {
				return err
			}
			changed -= int(done)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if changed != 0 {
		t.Errorf("%d rows: %d changes are missing", n, changed)
	}
	return want
}

func things(t *testing.T, db *database.DB) (all []thing) {
	t.Helper()
	rows, err := db.Read.QueryContext(t.Context(), `SELECT id, word, n FROM things ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var one thing
		if err := rows.Scan(&one.ID, &one.Word, &one.N); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
