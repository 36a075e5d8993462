package campaign

// When says which reply a step is for.
type When struct {
	// Button is the payload or the text of a button.
	Button Texts `yaml:"button" json:"button,omitempty"`
	// Text is what the person wrote, regardless of case and punctuation.
	Text Texts `yaml:"text" json:"text,omitempty"`
	// Any takes every reply.
	Any bool `yaml:"any" json:"any,omitempty"`
}

// Texts is a list of texts that files may write as one.
type Texts []string
