-- A ledger of the schema 00007, as the program wrote it that knew no seal keys and kept
-- no words of refusals. It was killed while it sent. The rows are what it left, for both
-- engines. Times are moved to the test's own; $LISTS is the address of a server of lists.
--
-- The campaign has two steps and 16 people. Of the first step's messages 4 are pending, 4
-- posting, 1 unknown, 3 accepted, 2 sent and 2 failed.

INSERT INTO campaigns (id, name, state, reason, definition, columns, intake_at, idempotency_key, request_hash, created_at, start_at, started_at, finished_at, expires_at, changes, most_late) VALUES
    (19421528661, 'takeover', 'running', 'started by ops', '{"name":"takeover","channel":"main","contacts":{},"steps":[{"template":"hello","category":"utility","language":"en_US","body":[{"text":"{{Full Name}}"}]},{"after":"delivered","patience":"1h0m0s","otherwise":"stop","template":"follow_up","category":"utility","language":"en_US"}]}', '["Full Name","Phone"]', NULL, 'IFPKR2TLZ7MCEFYDQ5UBMLHL3R', '2fd96c5139f3a8f56a4e552fbc1f206a7b5a7b68af08fb71a9793f23a3c03139', 1795709995928, NULL, 1795709995935, NULL, NULL, 1, NULL);

INSERT INTO recipients (id, phone, person, verdict, detail, cells, zone) VALUES
    (325839181395787777, '+4915112399901', '+4915112399901', 'ok', '', '["P 99901","+4915112399901"]', ''),
    (325839181395787778, '+4915112399902', '+4915112399902', 'ok', '', '["P 99902","+4915112399902"]', ''),
    (325839181395787779, '+4915112399906', '+4915112399906', 'ok', '', '["P 99906","+4915112399906"]', ''),
    (325839181395787780, '+4915112399912', '+4915112399912', 'ok', '', '["P 99912","+4915112399912"]', ''),
    (325839181395787781, '+4915112399913', '+4915112399913', 'ok', '', '["P 99913","+4915112399913"]', ''),
    (325839181395787782, '+4915112399915', '+4915112399915', 'ok', '', '["P 99915","+4915112399915"]', ''),
    (325839181395787783, '+4915112399909', '+4915112399909', 'ok', '', '["P 99909","+4915112399909"]', ''),
    (325839181395787784, '+4915112399901', NULL, 'duplicate', 'the same person stands in row 1', '["Dup","+4915112399901"]', ''),
    (325839181395787785, '12345', NULL, 'invalid', '12345 has no country code; write it as +<country code><number>, or set contacts.default_region', '["Bad","12345"]', ''),
    (325839181395787786, '+4915112400000', '+4915112400000', 'ok', '', '["Ana 0","+4915112400000"]', ''),
    (325839181395787787, '+4915112400001', '+4915112400001', 'ok', '', '["Ana 1","+4915112400001"]', ''),
    (325839181395787788, '+4915112400002', '+4915112400002', 'ok', '', '["Ana 2","+4915112400002"]', ''),
    (325839181395787789, '+4915112400003', '+4915112400003', 'ok', '', '["Ana 3","+4915112400003"]', ''),
    (325839181395787790, '+4915112400004', '+4915112400004', 'ok', '', '["Ana 4","+4915112400004"]', ''),
    (325839181395787791, '+4915112400005', '+4915112400005', 'ok', '', '["Ana 5","+4915112400005"]', ''),
    (325839181395787792, '+4915112400006', '+4915112400006', 'ok', '', '["Ana 6","+4915112400006"]', ''),
    (325839181395787793, '+4915112400007', '+4915112400007', 'ok', '', '["Ana 7","+4915112400007"]', ''),
    (325839181395787794, '+4915112400008', '+4915112400008', 'ok', '', '["Ana 8","+4915112400008"]', '');

INSERT INTO messages (id, campaign_id, channel, category, status, due, attempt, tries, failures, permanent, code, reason, accepted_at, sent_at, delivered_at, read_at, failed_at, updated_at) VALUES
    (5213426902332604432, 19421528661, 0, 2, 10, NULL, 1, 1, 1, 1, 131009, 'invalid_parameter', NULL, NULL, NULL, NULL, 1795709996327, 1795709996327),
    (5213426902332604433, 19421528661, 0, 2, 12, NULL, 0, 0, 0, 0, 0, 'step 1: failed (invalid_parameter)', NULL, NULL, NULL, NULL, NULL, 1795709996327),
    (5213426902332604448, 19421528661, 0, 2, 10, NULL, 1, 1, 1, 1, 131026, 'undeliverable', 1795709996228, NULL, NULL, NULL, 1795709996578, 1795709996578),
    (5213426902332604449, 19421528661, 0, 2, 12, NULL, 0, 0, 0, 0, 0, 'step 1: failed (undeliverable)', NULL, NULL, NULL, NULL, NULL, 1795709996578),
    (5213426902332604464, 19421528661, 0, 2, 4, 1795710056725, 1, 1, 0, 0, 0, 'connection_lost', NULL, NULL, NULL, NULL, NULL, 1795709996725),
    (5213426902332604465, 19421528661, 0, 2, 1, 1795713596725, 0, 0, 0, 0, 0, '', NULL, NULL, NULL, NULL, NULL, 1795709996725),
    (5213426902332604480, 19421528661, 0, 2, 5, 1798305596525, 1, 1, 0, 0, 0, '', 1795709996525, NULL, NULL, NULL, NULL, 1795709996525),
    (5213426902332604481, 19421528661, 0, 2, 1, 1795713596525, 0, 0, 0, 0, 0, '', NULL, NULL, NULL, NULL, NULL, 1795709996525),
    (5213426902332604496, 19421528661, 0, 2, 2, 0, 0, 0, 0, 0, 0, '', NULL, NULL, NULL, NULL, NULL, 1795709995931),
    (5213426902332604497, 19421528661, 0, 2, 1, NULL, 0, 0, 0, 0, 0, '', NULL, NULL, NULL, NULL, NULL, 1795709995931),
    (5213426902332604512, 19421528661, 0, 2, 3, 1795710111974, 1, 1, 0, 0, 0, '', NULL, NULL, NULL, NULL, NULL, 1795709996974),
    (5213426902332604513, 19421528661, 0, 2, 1, NULL, 0, 0, 0, 0, 0, '', NULL, NULL, NULL, NULL, NULL, 1795709995931),
    (5213426902332604528, 19421528661, 0, 2, 3, 1795710111674, 1, 1, 0, 0, 0, '', NULL, NULL, NULL, NULL, NULL, 1795709996674),
    (5213426902332604529, 19421528661, 0, 2, 1, NULL, 0, 0, 0, 0, 0, '', NULL, NULL, NULL, NULL, NULL, 1795709995931),
    (5213426902332604576, 19421528661, 0, 2, 3, 1795710111873, 1, 1, 0, 0, 0, '', NULL, NULL, NULL, NULL, NULL, 1795709996873),
    (5213426902332604577, 19421528661, 0, 2, 1, NULL, 0, 0, 0, 0, 0, '', NULL, NULL, NULL, NULL, NULL, 1795709995931),
    (5213426902332604592, 19421528661, 0, 2, 5, 1798305596926, 1, 1, 0, 0, 0, '', 1795709996926, NULL, NULL, NULL, NULL, 1795709996926),
    (5213426902332604593, 19421528661, 0, 2, 1, 1795713596926, 0, 0, 0, 0, 0, '', NULL, NULL, NULL, NULL, NULL, 1795709996926),
    (5213426902332604608, 19421528661, 0, 2, 2, 0, 0, 0, 0, 0, 0, '', NULL, NULL, NULL, NULL, NULL, 1795709995931),
    (5213426902332604609, 19421528661, 0, 2, 1, NULL, 0, 0, 0, 0, 0, '', NULL, NULL, NULL, NULL, NULL, 1795709995931),
    (5213426902332604624, 19421528661, 0, 2, 2, 0, 0, 0, 0, 0, 0, '', NULL, NULL, NULL, NULL, NULL, 1795709995931),
    (5213426902332604625, 19421528661, 0, 2, 1, NULL, 0, 0, 0, 0, 0, '', NULL, NULL, NULL, NULL, NULL, 1795709995931),
    (5213426902332604640, 19421528661, 0, 2, 5, 1798305596828, 1, 1, 0, 0, 0, '', 1795709996828, NULL, NULL, NULL, NULL, 1795709996828),
    (5213426902332604641, 19421528661, 0, 2, 1, 1795713596828, 0, 0, 0, 0, 0, '', NULL, NULL, NULL, NULL, NULL, 1795709996828),
    (5213426902332604656, 19421528661, 0, 2, 3, 1795710111773, 1, 1, 0, 0, 0, '', NULL, NULL, NULL, NULL, NULL, 1795709996773),
    (5213426902332604657, 19421528661, 0, 2, 1, NULL, 0, 0, 0, 0, 0, '', NULL, NULL, NULL, NULL, NULL, 1795709995931),
    (5213426902332604672, 19421528661, 0, 2, 2, 0, 0, 0, 0, 0, 0, '', NULL, NULL, NULL, NULL, NULL, 1795709995931),
    (5213426902332604673, 19421528661, 0, 2, 1, NULL, 0, 0, 0, 0, 0, '', NULL, NULL, NULL, NULL, NULL, 1795709995931),
    (5213426902332604688, 19421528661, 0, 2, 7, 1798305596000, 1, 1, 0, 0, 0, '', 1795709996427, 1795709996000, NULL, NULL, NULL, 1795709996777),
    (5213426902332604689, 19421528661, 0, 2, 1, 1795713596427, 0, 0, 0, 0, 0, '', NULL, NULL, NULL, NULL, NULL, 1795709996427),
    (5213426902332604704, 19421528661, 0, 2, 7, 1798305596000, 1, 1, 0, 0, 0, '', 1795709996625, 1795709996000, NULL, NULL, NULL, 1795709996975),
    (5213426902332604705, 19421528661, 0, 2, 1, 1795713596625, 0, 0, 0, 0, 0, '', NULL, NULL, NULL, NULL, NULL, 1795709996625);

INSERT INTO attempts (message_id, n, outcome, provider_id, token, claimed_at, settled_at) VALUES
    (5213426902332604432, 1, 'refused', NULL, 6344245974105979501, 1795709995973, 1795709996327),
    (5213426902332604448, 1, 'failed', 'wamid.HBgLFQKvz5jq1xrbnSl9298207mS', 1995795601031255036, 1795709995973, 1795709996228),
    (5213426902332604464, 1, 'unknown', NULL, 4097582502228968979, 1795709996374, 1795709996725),
    (5213426902332604480, 1, 'accepted', 'wamid.HBgLFQKvz5jq1xrbnU+QL5dOoSqK', 4044398033578469550, 1795709996175, 1795709996525),
    (5213426902332604512, 1, '', NULL, 6783370735693441139, 1795709996974, NULL),
    (5213426902332604528, 1, '', NULL, 7617938388680295867, 1795709996674, NULL),
    (5213426902332604576, 1, '', NULL, 6396281132444343335, 1795709996873, NULL),
    (5213426902332604592, 1, 'accepted', 'wamid.HBgLFQKvz5jq1xrbnVG+M7FPtdDX', 693781149339671333, 1795709996575, 1795709996926),
    (5213426902332604640, 1, 'accepted', 'wamid.HBgLFQKvz5jq1xrbnR+TqNCg/9pl', 1667645364671491772, 1795709996474, 1795709996828),
    (5213426902332604656, 1, '', NULL, 5331717650237761319, 1795709996773, NULL),
    (5213426902332604688, 1, 'accepted', 'wamid.HBgLFQKvz5jq1xrbnYJ+EvmiaBqC', 7972615742690107110, 1795709996075, 1795709996427),
    (5213426902332604704, 1, 'accepted', 'wamid.HBgLFQKvz5jq1xrbned4B2mLdggh', 8540845894730312500, 1795709996273, 1795709996625);

INSERT INTO counts (campaign_id, step, status, open, shard, n) VALUES
    (19421528661, -1, 14, 0, 0, 2),
    (19421528661, 0, 2, 1, 0, 4),
    (19421528661, 0, 3, 1, 0, 4),
    (19421528661, 0, 4, 1, 0, 1),
    (19421528661, 0, 5, 0, 0, 3),
    (19421528661, 0, 7, 0, 0, 2),
    (19421528661, 0, 10, 0, 0, 2),
    (19421528661, 1, 1, 1, 0, 14),
    (19421528661, 1, 12, 0, 0, 2);

INSERT INTO verdicts (campaign_id, verdict, n) VALUES
    (19421528661, 'duplicate', 1),
    (19421528661, 'invalid', 1),
    (19421528661, 'ok', 16);

INSERT INTO silences (person, n, message, since) VALUES
    ('+4915112399902', 1, 5213426902332604448, 1795709996578);

INSERT INTO proofs (channel, accepted_at) VALUES
    ('main', 1795709996228);

INSERT INTO uptimes (name, since, seen) VALUES
    ('webhooks', 1795709994876, 1795709994876);

INSERT INTO leases (name, holder, fence, until) VALUES
    ('scheduler', '4FWHIF7PUIKGLNUPQL5DVYVDCE', 1, 1795710000873);

INSERT INTO secrets (name, value) VALUES
    ('forget', 'b8ac9f648dee84eab475ffea3d4044e777232f4526fed112d6dc73edbf77f7b3');

INSERT INTO schedules (name, definition, origin, paused, next_at, created_at, changes) VALUES
    ('base', '{"name":"base","campaign":"name: takeover\nchannel: main\nsteps:\n  - template: hello\n    category: utility\n    language: en_US\n    body: [\"{{Full Name}}\"]\n  - after: delivered\n    patience: 1h\n    template: follow_up\n    category: utility\n    language: en_US\n","contacts":{"dsn":"postgres://ann:hidden-6@127.0.0.1:65001/shop","query":"SELECT 1"},"cron":"0 9 1 1 *","zone":"UTC","overlap":"skip","catch_up":"last"}', 'api', 0, 1798794000000, 1795709995856, 0),
    ('left', '{"name":"left","campaign_file":"c.yaml","contacts":{"dsn":"postgres://ann:hidden-3@127.0.0.1/shop","query":"SELECT 1"},"cron":"0 9 1 1 *","zone":"UTC","overlap":"skip","catch_up":"last"}', 'config', 0, 1798794000000, 1795709994869, 0),
    ('ours', '{"name":"ours","campaign_file":"c.yaml","contacts":{"url":"$LISTS/ours.csv?key=hidden-1","headers":{"X-Key":"hidden-2"},"allow_private":true},"cron":"0 9 1 1 *","zone":"UTC","overlap":"skip","catch_up":"last"}', 'config', 0, 1798794000000, 1795709994869, 0),
    ('theirs', '{"name":"theirs","campaign":"name: takeover\nchannel: main\nsteps:\n  - template: hello\n    category: utility\n    language: en_US\n    body: [\"{{Full Name}}\"]\n  - after: delivered\n    patience: 1h\n    template: follow_up\n    category: utility\n    language: en_US\n","contacts":{"url":"$LISTS/theirs.csv?key=hidden-4","headers":{"X-Key":"hidden-5"},"allow_private":true},"cron":"0 9 1 1 *","zone":"UTC","overlap":"skip","catch_up":"last"}', 'api', 0, 1798794000000, 1795709995831, 0);
