package app

import (
	"context"
	"log/slog"
	"regexp"
	"strings"

	"carillon/configs"
	"carillon/ledger"
)

// keepSecrets has the ledger keep the secrets of schedules as the configuration
// says, those that are there already included, and warns of what a person has to
// do about that. A patient caller has time for a large file to be rewritten.
func keepSecrets(ctx context.Context, l *ledger.Ledger, config *configs.Config, patient bool, log *slog.Logger) error {
	keys, err := config.Keys()
	if err != nil {
		return err
	}
	l.DefineSchedules(schedulesOf(config))
	done, err := l.SealSchedules(ctx, keys)
	if err != nil {
		return err
	}
	if len(done.Plain) > 0 {
		log.Warn("secrets of schedules stand in the ledger in plain text; write a key under seal_keys in the configuration and restart",
			"schedules", done.Plain, "make_one_with", "openssl rand -hex 32")
	}
	if len(done.Locked) > 0 {
		log.Error("secrets of schedules do not open, so these schedules cannot run; set the key again that they were sealed with under seal_keys in the configuration",
			"schedules", done.Locked)
	}
	if moved := append(done.Sealed, done.Cleared...); len(moved) > 0 {
		log.Warn("secrets of schedules are no longer in plain text in the ledger, nor under an older key; copies of it from before still hold them so",
			"schedules", moved)
	}
	if err := l.Scrub(ctx, patient); err != nil {
		log.Warn("what the ledger held in plain text may still be found in its files", "error", err)
	}
	return nil
}

// warnOfReaders tells of files whose modes let other users of the machine read
// secrets or people's numbers. It changes no modes: somebody may have set them
// with a purpose.
func warnOfReaders(l *ledger.Ledger, config *configs.Config, configPath string, log *slog.Logger) {
	if files := l.Exposed(); len(files) > 0 {
		log.Warn("other users of this machine may read the ledger, which holds people's numbers", "close_it_with", chmod(files...))
	}
	if len(config.Exposed) > 0 && configPath != "" {
		log.Warn("every user of this machine may read the configuration, which holds secrets; or take them from variables",
			"secrets", config.Exposed, "close_it_with", chmod(configPath))
	}
}

// chmod is the command that leaves files to their owner.
func chmod(files ...string) string {
	words := []string{"chmod 600"}
	for _, file := range files {
		if !plainPath.MatchString(file) {
			file = "'" + strings.ReplaceAll(file, "'", `'\''`) + "'"
		}
		words = append(words, file)
	}
	return strings.Join(words, " ")
}

// plainPath is a path that no shell takes apart.
var plainPath = regexp.MustCompile(`^[A-Za-z0-9_./][A-Za-z0-9_./-]*$`)
