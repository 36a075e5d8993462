package worker

import (
	"carillon/campaign"
	"carillon/whatsapp"
)

// content is what a request sends, as metrics have it.
type content string

const (
	contentTemplate  content = "template"
	contentFree      content = "free_form"
	contentOtherwise content = "otherwise_template" // in the place of a free-form one
)

// rule is the step that is sent.
func (s *send) rule() *campaign.Step { return &s.campaign.steps[s.task.Message.Step()] }

// render makes what was claimed, the content that is no template or a template, with
// the identifiers of its files.
func (s *send) render(ids map[string]string) (err error) {
	step := s.task.Message.Step()
	if !s.claimed.FreeForm {
		s.template, err = s.campaign.renderer.RenderWith(step, s.claimed.Cells, ids)
		return err
	}
	free, err := s.campaign.renderer.RenderFreeWith(step, s.claimed.Cells, ids)
	if err != nil {
		return err
	}
	if s.rule().Reply || free.Kind == campaign.KindReaction {
		free.Answers = s.claimed.Answers
	}
	s.free = &free
	return nil
}

func (s *send) content() content {
	switch {
	case s.free != nil:
		return contentFree
	case s.rule().FreeForm():
		return contentOtherwise
	}
	return contentTemplate
}

// message is the request's content.
func (s *send) message() whatsapp.Message {
	m := whatsapp.Message{
		Reference: s.task.Message.Reference(s.task.Attempt),
		Template:  s.template,
		Free:      s.free,
	}
	if campaign.IsNumber(s.claimed.Phone) {
		m.To = s.claimed.Phone
	} else {
		m.UserID = s.claimed.Phone
	}
	return m
}
