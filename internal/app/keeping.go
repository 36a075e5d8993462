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
		log.Warn("the ledger holds secrets of schedules in plain text; write a key under seal_keys in the configuration and restart",
			"schedules", done.Plain, "make_one_with", "openssl rand -hex 32")
	}
	if len(done.Locked) > 0 {
		log.Error("the secrets of schedules cannot be opened, so these schedules cannot run; put the key that sealed them back under seal_keys in the configuration",
			"schedules", done.Locked)
	}
	if moved := append(done.Sealed, done.Cleared...); len(moved) > 0 {
		log.Warn("the secrets of schedules are now sealed under the first seal key; older copies of the ledger still hold them in plain text or under an older key",
			"schedules", moved)
	}
	if err := l.Scrub(ctx, patient); err != nil {
		log.Warn("secrets that the ledger held in plain text may still be found in its files", "error", err)
	}
	return nil
}

// warnOfReaders tells of files whose modes let other users of the machine read
// secrets or people's numbers. It changes no modes: somebody may have set them
// with a purpose.
func warnOfReaders(l *ledger.Ledger, config *configs.Config, configPath string, log *slog.Logger) {
	if files := l.Exposed(); len(files) > 0 {
		log.Warn("other users of this machine can read the ledger, which holds people's phone numbers", "close_it_with", chmod(files...))
	}
	if len(config.Exposed) > 0 && configPath != "" {
		log.Warn("every user of this machine can read the configuration, which holds secrets; restrict it, or take the secrets from variables",
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
