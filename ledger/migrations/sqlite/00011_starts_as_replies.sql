-- +goose Up

-- 1: the answer is a word that opts in, which answers only those who ask for that word.
ALTER TABLE replies ADD COLUMN opts_in SMALLINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE replies DROP COLUMN opts_in;
