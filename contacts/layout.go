package contacts

// arrange finds the header and the columns in the sample.
func (r *Reader) arrange() error {
	if len(r.sample) == 0 {
		return r.nothing()
	}
	line := r.sample[0].line
	r.nameColumns()
	l := &r.layout
	var err error
	if r.opts.Consent != "" { // first, so that it is not guessed to be another
		if r.consent, err = r.told(r.opts.Consent, "consent"); err != nil {
			return err
		}
	}
	if l.Phone, err = r.phoneColumn(line); err != nil {
		return err
	}
	if l.FullName, err = r.otherColumn(r.opts.FullName, "name", "names", nameWords(), looksLikeName); err != nil {
		return err
	}
	if l.Language, err = r.otherColumn(r.opts.Language, "language", "languages", languageWords(), looksLikeLanguage); err != nil {
		return err
	}
	r.take(nil)
	return nil
}

// nothing says why there is no row.
func (r *Reader) nothing() error {
	if _, broken := r.sampleEnd.(*Error); broken { //nolint:errorlint // a source returns it unwrapped
		return r.sampleEnd
	}
	if r.layout.HiddenRows > 0 {
		return &Error{Problem: "all rows of the list are hidden", Hint: "unhide the rows that should get a message, or write include_hidden: true under contacts"}
	}
	if r.unseen {
		return &Error{Problem: "the list holds values in hidden columns only", Hint: "unhide the columns that it needs, or write include_hidden: true under contacts"}
	}
	return &Error{Problem: "the contact list is empty", Hint: "upload a list with one contact per row"}
}
