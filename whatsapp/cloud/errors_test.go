package cloud

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carillon/whatsapp/codes"
	"carillon/whatsapp/whatsapptest"
	"carillon/whatsapp/wire"
)

type judgement struct {
	fault codes.Fault
	want  string
}

// inAnswers, inReceipts and both are faults in an answer, in a receipt, and in either.
func inAnswers(code int, want string) []judgement {
	return []judgement{{codes.Fault{Mode: codes.InAnswer, Code: code, Status: 400}, want}}
}

func inReceipts(code int, want string) []judgement {
	return []judgement{{codes.Fault{Mode: codes.InReceipt, Code: code}, want}}
}

func both(code int, want string) []judgement {
	return append(inAnswers(code, want), inReceipts(code, want)...)
}

func ends(first, last int, want string) []judgement {
	return append(both(first, want), both(last, want)...)
}

func graphJudgements() []judgement {
	return slices.Concat(
		inAnswers(0, "pause token_rejected scope=account"),
		inReceipts(0, "drop unexplained"),
		both(1, "retry_soon api_unknown wait=2s retries=3"),
		both(2, "retry_soon service_unavailable wait=5s"),
		both(3, "pause permission_denied scope=account"),
		both(4, "retry_slow app_rate_limit budget=app wait=5m0s"),
		both(10, "pause permission_denied scope=account"),
		both(33, "pause number_deleted scope=number"),
		both(100, "bad_request invalid_parameter"),
		[]judgement{
			{codes.Fault{Mode: codes.InAnswer, Code: 100, Subcode: 33, Status: 400}, "bad_request object_missing"},
			{codes.Fault{Mode: codes.InAnswer, Code: 190, Subcode: 463, Status: 401}, "pause token_rejected scope=account"},
			{codes.Fault{Mode: codes.InAnswer, Code: 130429, Subcode: 2494055, Status: 429}, "retry_slow number_rate_limit budget=number wait=1s"},
		},
		both(102, "pause token_rejected scope=account"),
		both(104, "pause token_rejected scope=account"),
		both(190, "pause token_rejected scope=account"),
		ends(200, 299, "pause permission_denied scope=account"),
		both(368, "pause policy_violation scope=account"),
		inReceipts(408, "retry_soon request_timeout wait=5s"),
		inAnswers(408, "bad_request unknown_code"),
		both(506, "ambiguous duplicate_post"),
		both(613, "retry_slow app_rate_limit budget=app wait=1m0s"),
		both(80007, "retry_slow account_rate_limit budget=account wait=5m0s"),
		both(80008, "retry_slow account_rate_limit budget=account wait=5m0s"),
	)
}

func messageJudgements() []judgement {
	return slices.Concat(
		both(130403, "drop blocked_by_user suppress=all"),
		both(130429, "retry_slow number_rate_limit budget=number wait=1s"),
		both(130472, "drop experiment"),
		both(130497, "drop country_barred"),
		both(131000, "retry_soon something_went_wrong wait=5s retries=3"),
		both(131001, "bad_request too_long"),
		both(131002, "bad_request invalid_parameter"),
		both(131005, "pause permission_denied scope=account"),
		both(131006, "bad_request object_missing"),
		both(131008, "bad_request missing_parameter"),
		both(131009, "bad_request invalid_parameter"),
		both(131016, "retry_soon service_unavailable wait=5s"),
		both(131021, "drop own_number suppress=all"),
		both(131026, "drop undeliverable suppress=soft"),
		both(131030, "pause not_on_test_list scope=number"),
		both(131031, "pause account_locked scope=account"),
		both(131037, "pause name_not_approved scope=number"),
		both(131042, "pause payment_problem scope=account"),
		both(131043, "drop time_to_live_over"),
		both(131044, "pause payment_problem scope=account"),
		both(131045, "pause number_not_registered scope=number"),
		both(131047, "bad_request outside_window"),
		both(131048, "pause spam_rate_limit scope=number wait=1h0m0s"),
		both(131049, "retry_slow user_marketing_limit budget=user wait=24h0m0s"),
		both(131050, "drop stopped_marketing suppress=marketing"),
		both(131051, "bad_request unsupported_type"),
		both(131052, "bad_request media_download"),
		both(131053, "bad_request media_upload"),
		both(131055, "bad_request wrong_endpoint"),
		both(131056, "retry_slow pair_rate_limit budget=pair wait=1s"),
		both(131057, "retry_soon maintenance wait=30s"),
		both(131058, "bad_request media_upload"),
		both(131059, "bad_request not_a_send"),
		both(131060, "drop inbound_unavailable"),
		both(131061, "bad_request unknown_code"),
		both(131062, "bad_request phone_required"),
		both(131063, "pause marketing_disabled scope=account"),
		both(131064, "pause account_restricted scope=account"),
		ends(131201, 131215, "bad_request not_a_send"),
	)
}

func templateJudgements() []judgement {
	return slices.Concat(
		both(132000, "bad_request parameter_count"),
		both(132001, "pause template_missing scope=template"),
		both(132005, "bad_request too_long"),
		both(132007, "bad_request template_policy"),
		both(132008, "bad_request invalid_parameter"),
		both(132012, "bad_request parameter_format"),
		both(132015, "pause template_paused scope=template"),
		both(132016, "pause template_disabled scope=template"),
		both(132018, "bad_request parameter_characters"),
		both(132068, "pause flow_blocked scope=template"),
		both(132069, "retry_slow flow_throttled budget=template wait=1h0m0s"),
		both(133000, "pause number_not_registered scope=number"),
		ends(133001, 133003, "pause number_not_registered scope=number"),
		both(133004, "retry_soon service_unavailable wait=5s"),
		ends(133005, 133006, "pause number_not_registered scope=number"),
		both(133007, "pause account_locked scope=number"),
		ends(133008, 133009, "pause number_not_registered scope=number"),
		both(133010, "pause number_not_registered scope=number"),
		both(133015, "pause number_not_registered scope=number wait=5m0s"),
		both(133016, "pause number_not_registered scope=number"),
		both(134011, "pause terms_not_accepted scope=account"),
		both(134100, "bad_request wrong_endpoint"),
		both(134101, "retry_slow template_syncing budget=template wait=10m0s"),
		both(134102, "pause template_ineligible scope=template"),
		inAnswers(135000, "bad_request invalid_parameter"),
		inReceipts(135000, "pause portfolio_paced scope=account"),
		both(136025, "pause number_not_registered scope=number"),
		both(137000, "drop identity_changed"),
		ends(138000, 138999, "bad_request not_a_send"),
		ends(139000, 139099, "bad_request not_a_send"),
		both(139200, "pause direct_send_blocked scope=account"),
		both(1752041, "bad_request not_a_send"),
		ends(2388000, 2388999, "bad_request template_administration"),
		both(2494100, "retry_soon maintenance wait=1m0s"),
	)
}

func TestEveryCodeIsJudged(t *testing.T) {
	hit := make([]bool, len(codeTable))
	for _, j := range slices.Concat(graphJudgements(), messageJudgements(), templateJudgements()) {
		if got := whatsapptest.Summary(Book().Judge(j.fault)); got != j.want {
			t.Errorf("%+v: got %q, want %q", j.fault, got, j.want)
		}
		if at := slices.IndexFunc(codeTable, func(r codes.Row) bool { return r.Fits(j.fault.Code, j.fault) }); at >= 0 {
			hit[at] = true
		}
	}
	for i, ok := range hit {
		if !ok {
			t.Errorf("no expectation reaches row %+v", codeTable[i].Key)
		}
	}
}

func TestUnknownCodeGoesByStatus(t *testing.T) {
	for _, j := range []judgement{
		{codes.Fault{Mode: codes.InAnswer, Code: 999999, Status: 400}, "bad_request unknown_code"},
		{codes.Fault{Mode: codes.InAnswer, Code: 999999, Status: 403}, "bad_request unknown_code"},
		{codes.Fault{Mode: codes.InAnswer, Code: 999999, Status: 429}, "retry_slow rate_limited budget=number wait=1s"},
		{codes.Fault{Mode: codes.InAnswer, Code: 999999, Status: 500}, "retry_soon unknown_server_error wait=5s retries=2"},
		{codes.Fault{Mode: codes.InAnswer, Code: 999999, Status: 400, Transient: true}, "retry_soon transient"},
		{codes.Fault{Mode: codes.InAnswer, Code: 999999, Status: 500, Transient: true}, "retry_soon transient"},
		{codes.Fault{Mode: codes.InAnswer, Code: 190, Status: 401, Transient: true}, "pause token_rejected scope=account"},
		{codes.Fault{Mode: codes.InReceipt, Code: 999999}, "bad_request unknown_code"},
	} {
		if got := whatsapptest.Summary(Book().Judge(j.fault)); got != j.want {
			t.Errorf("%+v: got %q, want %q", j.fault, got, j.want)
		}
	}
}

func TestStatusAlone(t *testing.T) {
	for status, want := range map[int]string{
		301: "pause redirected scope=number",
		302: "pause redirected scope=number",
		303: "ambiguous server_error",
		307: "pause redirected scope=number",
		308: "pause redirected scope=number",
		400: "bad_request refused_by_proxy",
		401: "pause unauthorized scope=account",
		403: "pause unauthorized scope=account",
		404: "bad_request refused_by_proxy",
		408: "retry_soon request_timeout",
		413: "bad_request refused_by_proxy",
		429: "retry_slow rate_limited budget=number wait=1s",
		499: "bad_request refused_by_proxy",
		500: "ambiguous server_error",
		502: "ambiguous server_error",
		503: "ambiguous server_error",
		599: "ambiguous server_error",
	} {
		refusal := Book().JudgeStatus(codes.Fault{Mode: codes.InAnswer, Status: status})
		if got := whatsapptest.Summary(refusal); got != want {
			t.Errorf("HTTP %d: got %q, want %q", status, got, want)
		}
		if refusal.HTTPStatus != status {
			t.Errorf("HTTP %d is told as %d", status, refusal.HTTPStatus)
		}
	}
}

func TestGraphErrorText(t *testing.T) {
	for body, want := range map[string]string{
		`{"message":"(#1) no","error_data":{"details":"why"}}`: "(#1) no: why",
		`{"message":"no","error_data":{"details":"no"}}`:       "no",
		`{"title":"no","error_data":{"details":"why"}}`:        "no: why",
		`{"title":"title","message":"message"}`:                "message: title",
		`{"error_data":{"details":"why"}}`:                     "why",
		`{"message":"no","error_data":"why"}`:                  "no: why",
		`{"message":"no","error_data":["why"]}`:                "no",
		`{"message":"no","details":"why"}`:                     "no: why",
		`{"message":"(#1) no","title":"no"}`:                   "(#1) no",
		`{"message":"no","error_user_title":"Not there","error_user_msg":"Make one.","error_data":{"details":"why"}}`: "no: why: Not there: Make one.",
		`{"code":"BUSY","message":"no"}`: "BUSY: no",
		`{"code":"190","message":"no"}`:  "no",
		`"no"`:                           "no",
		`{}`:                             "",
	} {
		var g graphError
		if err := wire.Decode([]byte(body), &g); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, g.text()); diff != "" {
			t.Errorf("%s: %s", body, diff)
		}
	}
}

func TestAnErrorIsTheAPIsOwnByItsCode(t *testing.T) {
	for body, want := range map[string]bool{
		`{"error":{"code":190}}`:                 true,
		`{"error":{"code":"190"}}`:               true,
		`{"error":{"code":0}}`:                   true,
		`{"error":{"code":null}}`:                false,
		`{"error":{"code":"upstream_timeout"}}`:  false,
		`{"error":{"message":"bad gateway"}}`:    false,
		`{"error":"bad gateway"}`:                false,
		`{"errors":[{"code":190}]}`:              false,
		`{"error":{"code":190,"message":["x"]}}`: true,
		`{"error":{"code":2147483648}}`:          false,
		`{"error":{"code":[190]}}`:               false,
	} {
		var told answerBody
		if err := wire.Decode([]byte(body), &told); err != nil {
			t.Fatal(err)
		}
		if got := told.Error.own(); got != want {
			t.Errorf("%s: got %v, want %v", body, got, want)
		}
	}
}
