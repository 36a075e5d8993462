package cli

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"carillon/configs"
	"carillon/internal/doctor"
	"carillon/whatsapp"
)

// Doctor looks at everything that the configuration in a file names. A mistake in
// it is a finding, and there are no others then.
func Doctor(ctx context.Context, configPath string) []doctor.Finding {
	config, err := LoadConfig(configPath)
	if err != nil {
		return mistakes(err)
	}
	return append(doctor.Look(ctx, config), unknowable(config)...)
}

// mistakes are those of a configuration, a finding for each line of the error.
func mistakes(err error) (found []doctor.Finding) {
	for line := range strings.Lines(err.Error()) {
		found = append(found, doctor.Finding{
			About: "configuration", State: whatsapp.Ill, Found: strings.TrimSpace(line), Todo: "correct it; configs/example.yaml explains every key",
		})
	}
	return found
}

// unknowable are the channels that cannot know all: that is no trouble, and nobody
// can change it.
func unknowable(config *configs.Config) []doctor.Finding {
	var found []doctor.Finding
	for _, name := range slices.Sorted(maps.Keys(config.Channels)) {
		channel := config.Channels[name]
		if traits := channel.Spec.Traits; !traits.Echoes {
			found = append(found, doctor.Finding{
				About: "receipts", Channel: name, State: whatsapp.Well,
				Found: unknowingText(traits.Polled, channel.OnUnknown == configs.Resend),
			})
		}
	}
	return found
}

// Troubled is an error where something that was found would stop a campaign.
func Troubled(findings []doctor.Finding) error {
	n := 0
	for _, f := range findings {
		if f.State == whatsapp.Ill {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return fmt.Errorf("%s would stop a campaign", quantity(int64(n), "thing"))
}

// WriteFindings writes a line for each thing that was looked at.
func WriteFindings(out io.Writer, findings []doctor.Finding) error {
	var text bytes.Buffer
	widest := 0
	for _, f := range findings {
		widest = max(widest, len(aboutText(f)))
	}
	for _, f := range findings {
		fmt.Fprintf(&text, "%-7s  %-*s  %s", f.State, widest, aboutText(f), strings.TrimSuffix(oneLine(f.Found), "."))
		if f.Todo != "" {
			fmt.Fprintf(&text, "; %s", oneLine(f.Todo))
		}
		text.WriteString("\n")
	}
	_, err := out.Write(text.Bytes())
	return err
}

func aboutText(f doctor.Finding) string {
	if f.Channel == "" {
		return f.About
	}
	return f.Channel + ": " + f.About
}

func oneLine(text string) string { return cmp.Or(whatsapp.Excerpt(text), "-") }
