package main

// experiments are all that is measured, in the order of the table. sweepMost is
// the longest list that only waits.
func experiments(sweepMost int) []experiment {
	all := []experiment{
		sendExperiment(sending{name: "send, SQLite", engine: engineSQLite, bar: 0.95, aim: 1.15, cost: "send, SQLite: CPU a message, with Redis"}),
		sendExperiment(sending{name: "send, PostgreSQL", engine: enginePostgres, bar: 0.85, aim: 1}),
		sendExperiment(sending{name: "send, SQLite, receipts ten to a POST", engine: engineSQLite, batch: 10, bar: 0.75, aim: 0.9}),
		sendExperiment(sending{name: "send, SQLite, receipts one to a POST", engine: engineSQLite, batch: 1, bar: 0.5, aim: 0.65}),
		pipelinedExperiment(),
		latencyExperiment(),
		distanceExperiment(),
		sharedExperiment(80),
		sharedExperiment(1000),
		listExperiment(),
		shortListExperiment(),
		receiptsExperiment("receipts, SQLite", engineSQLite),
		receiptsExperiment("receipts, PostgreSQL", enginePostgres),
		reactExperiment(),
		pagesExperiment(),
		besideExperiment(),
		sweepExperiment("SQLite", engineSQLite, sweepMost),
		sweepExperiment("PostgreSQL", enginePostgres, sweepMost),
	}
	for _, g := range growths() {
		all = append(all, growthExperiment(g))
	}
	return all
}
