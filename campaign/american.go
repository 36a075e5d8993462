package campaign

import "strings"

// otherAreas are the area codes behind +1 that are not of the United States, by
// three digits each: those of Canada, of the Caribbean and Pacific states, and
// of territories that are numbered as countries of their own. Source: North
// American Numbering Plan Administrator, list of codes in service.
const otherAreas = " " +
	"204 226 236 249 250 257 263 289 306 343 354 365 367 368 382 403 416 418 428 431 437 438 450 468 474 " +
	"506 514 519 548 579 581 584 587 600 604 613 622 633 639 647 672 683 705 709 742 753 778 780 782 807 " +
	"819 825 867 873 879 902 905 942 " + // Canada
	"242 246 264 268 284 340 345 441 473 649 658 664 670 671 684 721 758 767 784 787 809 829 849 868 869 876 939 "

// IsUS reports whether an E.164 number is of the United States.
func IsUS(phone string) bool {
	const length = len("+1") + 10
	return len(phone) == length && strings.HasPrefix(phone, "+1") && !strings.Contains(otherAreas, " "+phone[2:5]+" ")
}
