package ledger

import (
	"context"
	"fmt"

	"carillon/campaign"
)

// Replied counts, for each step of a campaign (0 is the first), the people who
// answered its message. Replies that no later step waits for are not kept, and so do
// not count. It reads one row of an index for each reply.
func (l *Ledger) Replied(ctx context.Context, id campaign.ID) (map[int]int64, error) {
	first, end := id.Messages()
	rows, err := l.read.QueryContext(ctx, `
		SELECT message_id & 15, COUNT(DISTINCT message_id) FROM replies WHERE message_id >= $1 AND message_id < $2 GROUP BY 1`,
		int64(first), int64(end))
	if err != nil {
		return nil, fmt.Errorf("ledger: who replied: %w", err)
	}
	defer rows.Close()
	replied := map[int]int64{}
	for rows.Next() {
		var step int
		var people int64
		if err := rows.Scan(&step, &people); err != nil {
			return nil, fmt.Errorf("ledger: who replied: %w", err)
		}
		replied[step] = people
	}
	return replied, rows.Err()
}
