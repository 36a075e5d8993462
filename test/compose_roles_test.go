package test

import (
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"carillon/configs"
	"carillon/internal/programtest"
	"carillon/whatsapp/providers"
)

// roleServices are the services of docker-compose.roles.yml that run Carillon.
func roleServices(t *testing.T) (composeFile, map[string][]string) {
	t.Helper()
	var file composeFile
	if err := yaml.Unmarshal(readFile(t, "../docker-compose.roles.yml"), &file); err != nil {
		t.Fatal(err)
	}
	commands := map[string][]string{}
	for _, role := range []string{"web", "scheduler", "worker"} {
		var command []string
		service, ok := file.Services[role]
		if !ok {
			t.Fatalf("there is no service %s", role)
		}
		if err := service.Command.Decode(&command); err != nil {
			t.Fatal(err)
		}
		commands[role] = command
	}
	return file, commands
}

func TestRolesComposition(t *testing.T) {
	file, commands := roleServices(t)
	for role, command := range commands {
		service := file.Services[role]
		if command[0] != role || command[1] != "-c" || service.mounts()[command[2]] != "./configs/compose.roles.yaml" {
			t.Errorf("%s runs %q with %v mounted", role, command, service.mounts())
		}
		for _, needed := range []string{"postgres", "redis"} {
			if _, ok := service.DependsOn[needed]; !ok || file.Services[needed].Healthcheck == nil {
				t.Errorf("%s does not wait until %s is healthy", role, needed)
			}
		}
		if out, err := exec.Command(programtest.Program(t), role, "-c", "x", "--help").CombinedOutput(); err != nil {
			t.Errorf("carillon %s: %v\n%s", role, err, out)
		}
		if published := len(service.Ports) > 0; published != (role == "web") {
			t.Errorf("%s publishes %q", role, service.Ports)
		}
	}
	if command := file.Services["redis"].Command.Value; !strings.Contains(command, "--maxmemory-policy noeviction") {
		t.Errorf("redis may lose the queue: %s", command)
	}
}

func TestRolesConfigurationReachesItsServers(t *testing.T) {
	file, _ := roleServices(t)
	environment := file.Services["worker"].Environment
	config, err := configs.Load("../configs/compose.roles.yaml", func(name string) (string, bool) {
		return composeValue(environment, name)
	}, providers.All())
	if err != nil {
		t.Fatal(err)
	}
	ledger, err := url.Parse(config.Ledger)
	if err != nil {
		t.Fatal(err)
	}
	database := file.Services[ledger.Hostname()]
	if !strings.HasPrefix(database.Image, "postgres:") || ledger.Port() != "5432" ||
		database.Environment["POSTGRES_USER"] != ledger.User.Username() || "/"+database.Environment["POSTGRES_DB"] != ledger.Path {
		t.Errorf("%s is not what the service %s offers: %v", ledger.Redacted(), ledger.Hostname(), database.Environment)
	}
	queue, err := url.Parse(config.Redis)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(file.Services[queue.Hostname()].Image, "redis:") {
		t.Errorf("there is no redis at %s", queue.Hostname())
	}
	example := string(readFile(t, "../.env.example"))
	for name := range environment {
		if !strings.Contains(example, "\n"+name+"=") {
			t.Errorf("%s is not in .env.example", name)
		}
	}
}
