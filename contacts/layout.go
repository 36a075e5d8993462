package contacts

// Layout is how a list is read: what was told, and what was found out.
type Layout struct {
	// Format is csv or xlsx.
	Format string `json:"format"`
	// Encoding is the text's encoding by its IANA name, empty for xlsx.
	Encoding string `json:"encoding,omitempty"`
	// Delimiter is the character between the cells, empty for xlsx.
	Delimiter string `json:"delimiter,omitempty"`
	// Sheet is the worksheet, empty for csv.
	Sheet string `json:"sheet,omitempty"`
	// Columns are the names of the columns, each different: those of the
	// header, or "Column 1" and so on where there is none.
	Columns []string `json:"columns"`
	// Phone, FullName and Language are indexes into Columns, -1 for none. Phone
	// is never -1.
	Phone    int `json:"phone"`
	FullName int `json:"full_name"`
	Language int `json:"language"`
	// Header says whether the first row holds the columns' names. It is told
	// by naming a column: one named "Column 2" has no header.
	Header bool `json:"header"`
	// Guessed has a sentence for whatever was not told.
	Guessed []string `json:"guessed"`
	// Taken are the columns that are used for something. Their cells are people's
	// values, which belong in no log.
	Taken []TakenColumn `json:"taken"`
	// EncodingCells are up to three cells by which a person sees whether the encoding
	// is the right one; nil where no cell says anything about it.
	EncodingCells []string `json:"encoding_cells,omitempty"`
	// PhoneCandidates are the columns that may hold the numbers, the one that was
	// taken first, and Sampled is how many rows were looked at; none where there was
	// no choice.
	PhoneCandidates []PhoneCandidate `json:"phone_candidates,omitempty"`
	Sampled         int              `json:"sampled,omitempty"`
	// HiddenRows is how many rows were left out because the list does not show them.
	HiddenRows int `json:"hidden_rows"`
}

func (l *Layout) guessed(sentence string) {
	if sentence != "" {
		l.Guessed = append(l.Guessed, sentence)
	}
}

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
		return &Error{Problem: "all rows of the list are hidden", Hint: "show those who shall get a message, or write include_hidden: true under contacts"}
	}
	if r.unseen {
		return &Error{Problem: "all that the list holds is in hidden columns", Hint: "show those that it needs, or write include_hidden: true under contacts"}
	}
	return &Error{Problem: "the contact list is empty", Hint: "upload a list with one contact per row"}
}
