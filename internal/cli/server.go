package cli

import (
	"cmp"
	"runtime/debug"

	"carillon/api"
	"carillon/client"
)

// The environment variables and the address that the commands go by.
const (
	EnvServer     = "CARILLON_SERVER"
	EnvToken      = "CARILLON_TOKEN"
	DefaultServer = "http://127.0.0.1:8080"
)

// NewClient makes a client whose errors speak of the command line. An address that
// is none is a *UsageError.
func NewClient(server, token string) (*client.Client, error) {
	c, err := client.New(server, token)
	if err != nil {
		return nil, &UsageError{Err: err}
	}
	c.Agent = api.AgentCLI + "/" + version()
	c.Hints = client.Hints{
		Token:    "set " + EnvToken + " to one of the tokens in the server's configuration",
		NoServer: "; start one with `carillon serve`, or name another one with --server",
		NotOurs:  "; is --server right?",
	}
	return c, nil
}

// version is the module's, as far as the program knows it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return cmp.Or(info.Main.Version, "unknown")
}
