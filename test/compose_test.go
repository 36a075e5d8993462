package test

import (
	"bytes"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"carillon/configs"
	"carillon/whatsapp/providers"
)

// composeFile is what these tests look at in docker-compose.yml.
type composeFile struct {
	Services map[string]composeService
	Volumes  map[string]any
}

type composeService struct {
	Image, Build string
	Command      yaml.Node
	Environment  map[string]string
	Volumes      []string
	Tmpfs        []string
	Ports        []string
	ReadOnly     bool           `yaml:"read_only"`
	DependsOn    map[string]any `yaml:"depends_on"`
	Healthcheck  map[string]any
}

// mounts are the service's volumes by their place in the container.
func (s composeService) mounts() map[string]string {
	mounts := make(map[string]string)
	for _, volume := range s.Volumes {
		source, rest, _ := strings.Cut(volume, ":")
		target, _, _ := strings.Cut(rest, ":")
		mounts[target] = source
	}
	return mounts
}

// composition is docker-compose.yml, with the configuration it mounts.
type composition struct {
	composeFile
	carillon composeService
	command  []string
	config   *configs.Config
}

func readComposition(t *testing.T) composition {
	t.Helper()
	text := readFile(t, "../docker-compose.yml")
	var c composition
	if err := yaml.Unmarshal(text, &c.composeFile); err != nil {
		t.Fatal(err)
	}
	c.carillon = c.Services["carillon"]
	if err := c.carillon.Command.Decode(&c.command); err != nil {
		t.Fatal(err)
	}
	at := slices.Index(c.command, "-c")
	if at < 0 || at+1 == len(c.command) {
		t.Fatalf("the command names no configuration: %q", c.command)
	}
	mounted, ok := c.carillon.mounts()[c.command[at+1]]
	if !ok {
		t.Fatalf("nothing is mounted at %s", c.command[at+1])
	}
	config, err := configs.Load(path.Join("..", mounted), func(name string) (string, bool) {
		return composeValue(c.carillon.Environment, name)
	}, providers.All())
	if err != nil {
		t.Fatal(err)
	}
	c.config = config
	return c
}

// composeValue is what the environment of a service gives a variable: a text that
// fits a token, and an identifier as well; nothing where .env may leave it empty.
func composeValue(environment map[string]string, name string) (string, bool) {
	value, given := environment[name]
	if strings.HasSuffix(value, ":-}") {
		return "", given
	}
	return "0123456789012345", given
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestComposeReachesItsRedis(t *testing.T) {
	c := readComposition(t)
	address, err := url.Parse(c.config.Redis)
	if err != nil {
		t.Fatal(err)
	}
	redis, ok := c.Services[address.Hostname()]
	if !ok {
		t.Fatalf("there is no service %s", address.Hostname())
	}
	if address.Port() != "6379" || !strings.HasPrefix(redis.Image, "redis:") {
		t.Errorf("port %s of image %s is not where a Redis listens", address.Port(), redis.Image)
	}
	if _, ok := c.carillon.DependsOn[address.Hostname()]; !ok || redis.Healthcheck == nil {
		t.Error("carillon does not wait until Redis is healthy")
	}
	if command := redis.Command.Value; !strings.Contains(command, "--maxmemory-policy noeviction") || !strings.Contains(command, "--appendonly yes") {
		t.Errorf("redis may lose the queue: %s", command)
	}
}

func TestComposeKeepsTheLedgerInAVolume(t *testing.T) {
	c := readComposition(t)
	file := strings.TrimPrefix(c.config.Ledger, "sqlite:")
	volume, ok := c.carillon.mounts()[path.Dir(file)]
	if !ok {
		t.Fatalf("no volume covers %s", file)
	}
	if _, ok := c.Volumes[volume]; !ok {
		t.Errorf("the volume %q is not declared", volume)
	}
	if !c.carillon.ReadOnly || !slices.Contains(c.carillon.Tmpfs, "/tmp") {
		t.Error("want a root that cannot be written, and a /tmp that can")
	}
	if !strings.Contains(string(readFile(t, "../Dockerfile")), "\nVOLUME "+path.Dir(file)+"\n") {
		t.Errorf("the image has no %s of its user's", path.Dir(file))
	}
}

// TestComposeServesListsToSchedules: beside the configuration, in the folder that
// schedules which are added by the API may read.
func TestComposeServesListsToSchedules(t *testing.T) {
	c := readComposition(t)
	services := map[string]composeService{"carillon": c.carillon}
	roles, commands := roleServices(t)
	for role := range commands {
		services[role] = roles.Services[role]
	}
	for name, service := range services {
		if got := service.mounts()["/etc/carillon/lists"]; got != "./lists" {
			t.Errorf("%s: ./lists is not beside the configuration, but %q", name, got)
		}
	}
}

func TestComposePublishesThePortThatListens(t *testing.T) {
	c := readComposition(t)
	host, port, err := net.SplitHostPort(c.config.HTTP.Listen)
	if err != nil || host != "" {
		t.Fatalf("listens on %q, out of reach of the port that is published", c.config.HTTP.Listen)
	}
	if want := "127.0.0.1:8080:" + port; !slices.Contains(c.carillon.Ports, want) {
		t.Errorf("ports are %q, without %s", c.carillon.Ports, want)
	}
	if !strings.Contains(string(readFile(t, "../Dockerfile")), "\nEXPOSE "+port+"\n") {
		t.Errorf("the Dockerfile does not expose %s", port)
	}
}

// TestComposeEnvironment follows each variable from .env.example over
// docker-compose.yml to the configuration.
func TestComposeEnvironment(t *testing.T) {
	c := readComposition(t)
	var used, example []string
	variable := regexp.MustCompile(`\$\{(\w+)\}`)
	for _, found := range variable.FindAllSubmatch(readFile(t, "../configs/compose.yaml"), -1) {
		used = append(used, string(found[1]))
	}
	for line := range bytes.Lines(readFile(t, "../.env.example")) {
		if name, _, ok := strings.Cut(string(line), "="); ok && !strings.HasPrefix(name, "#") {
			example = append(example, name)
		}
	}
	if len(used) == 0 {
		t.Fatal("the configuration uses no variable")
	}
	for name, value := range c.carillon.Environment {
		if !slices.Contains(used, name) {
			t.Errorf("%s is given and the configuration does not use it", name)
		}
		if !strings.HasPrefix(value, "${"+name+":") {
			t.Errorf("%s is not read from .env: %s", name, value)
		}
	}
	for _, name := range used {
		if !slices.Contains(example, name) {
			t.Errorf("%s is not in .env.example", name)
		}
	}
}

// TestComposeCommandExists asks the program itself whether it knows the command
// with its flags, and holds the image to the same one.
func TestComposeCommandExists(t *testing.T) {
	c := readComposition(t)
	help := exec.Command("go", append(append([]string{"run", "carillon/cmd/carillon"}, c.command...), "--help")...)
	answer, err := help.CombinedOutput()
	if err != nil || !strings.Contains(string(answer), "carillon "+c.command[0]) {
		t.Errorf("%v:\n%s", err, answer)
	}
	if image := `CMD ["` + strings.Join(c.command, `", "`) + `"]`; !strings.Contains(string(readFile(t, "../Dockerfile")), image) {
		t.Errorf("the image does not run %s", image)
	}
}
