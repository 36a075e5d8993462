package campaign

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
	// Sheets are all of the workbook with cells, hidden ones included; nil for csv.
	Sheets []string `json:"sheets,omitempty"`
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

// TakenColumn is a column that is used for something.
type TakenColumn struct {
	Column string `json:"column"`
	// As says for what: phone, name, language, consent, and placeholder where a text
	// of the campaign names it.
	As []string `json:"as"`
	// Cells are the first three of its cells that hold a value, shortened.
	Cells []string `json:"cells"`
}

// PhoneCandidate is a column that may hold the numbers.
type PhoneCandidate struct {
	Column string `json:"column"`
	// Sendable is how many of the rows that were looked at have a number in it that
	// can be sent to.
	Sendable int `json:"sendable"`
}

// Guess notes a sentence about what was not told; an empty one is none.
func (l *Layout) Guess(sentence string) {
	if sentence != "" {
		l.Guessed = append(l.Guessed, sentence)
	}
}
