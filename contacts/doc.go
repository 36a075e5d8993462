// Package contacts reads contact lists as people really upload them: CSV with
// any usual delimiter and encoding, and Excel workbooks. It finds out what it
// is not told, says what it guessed, and turns the list into a stream of rows,
// each with its number in E.164 and a verdict.
//
// A value is what the list shows, and a row is one that it shows: numbers are read
// by their number formats, errors of spreadsheets are no values, and hidden rows,
// columns and sheets are left out unless they are asked for.
//
// Memory is flat in the length of the list. A number that is not surely
// international is reported and never guessed at. A file that cannot be
// trusted to the end, because it is cut off, damaged or in another encoding,
// yields an *Error that names the line.
//
// It does not look for duplicates, which only the ledger can know, and it
// writes nothing but temporary files that Close removes.
package contacts
