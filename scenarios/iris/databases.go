package iris

import (
	"errors"

	. "github.com/onsi/ginkgo/v2"

	"drillbook/fixtures/iris"
	"drillbook/harness/driver"
	"drillbook/harness/phrase"
	"drillbook/scenarios/dsl"
)

// AddNewDatabase carries out runbooks/iris/add-new-database.md.
func AddNewDatabase() dsl.Scenario {
	return scenario("iris/add-new-database", dsl.Nightly, addNewDatabase)
}

func addNewDatabase(s *story) {
	const name = "NEWDB"
	s.healthy()
	s.step("Create the database on the primary", func(ctx SpecContext) {
		s.d.Confirm("created by")(s.iris().CreateMirrored(ctx, s.a, name))
		s.d.Confirm("state on the primary")(s.iris().CheckDatabase(ctx, s.a, name))
	})
	s.step("See that it is missing on the backup", func(ctx SpecContext) {
		s.d.Confirm("missing")(s.iris().WaitMissing(ctx, s.b, name))
	})
	s.step("Create it on the backup", func(ctx SpecContext) {
		s.d.Confirm("created by")(s.iris().CreateMirrored(ctx, s.b, name))
		s.works(s.iris().WaitDatabase(ctx, s.b, name))
		s.d.Confirm("state on the backup")(s.iris().CheckDatabase(ctx, s.b, name))
	})
	s.step("Make the namespace on both", func(ctx SpecContext) {
		for _, m := range []driver.Member{s.a, s.b} {
			s.works(s.iris().MakeNamespace(ctx, m, name))
		}
	})
	s.step("Make a table on the primary", func(ctx SpecContext) {
		s.works(s.iris().MakePersons(ctx, s.a, name))
		s.d.Confirm("table")(s.iris().WaitPersons(ctx, s.a, name))
	})
	s.step("See the table on the backup", func(ctx SpecContext) {
		s.d.Confirm("table")(s.iris().WaitPersons(ctx, s.b, name))
	})
	s.step("See that the backup takes no writes", func(ctx SpecContext) {
		s.d.Confirm("INSERT on the backup")(s.iris().CheckInsertRefused(ctx, s.b, name))
	})
	s.step("Confirm the final state", func(ctx SpecContext) {
		s.works(s.iris().DropPersons(ctx, s.a, name))
		s.inMirror(ctx, name)
	})
}

// inMirror makes sure that a database is in order on both members, and that the mirror is as
// it was.
func (s *story) inMirror(ctx SpecContext, name string) {
	GinkgoHelper()
	s.final(ctx, s.a, s.b)
	for _, m := range []driver.Member{s.a, s.b} {
		s.d.Confirm("state on %s", m.Name)(s.iris().CheckDatabase(ctx, m, name))
	}
	s.d.Confirm("databases that the backup lacks")(s.iris().CheckNothingMissing(ctx, s.b))
}

// The ways in which a copy of a database is made.
const (
	wayBackup = "backup" // ^BACKUP and ^DBREST
	wayCopy   = "copy"   // its file, while the database is dismounted
	wayFreeze = "freeze" // its file, while the instance is frozen
)

// AddExistingDatabase carries out runbooks/iris/add-existing-database.md.
func AddExistingDatabase() dsl.Scenario {
	return scenario("iris/add-existing-database", dsl.Nightly, addExistingDatabase)
}

// The database to add, and the records that it has before and gets behind.
const (
	existing      = "DEMO"
	recordsBefore = 200
	recordsAfter  = 50
)

func addExistingDatabase(s *story) {
	var backup iris.Copy
	s.healthy()
	s.step("Find the database to add", func(ctx SpecContext) {
		s.d.Confirm("plain database")(s.iris().MakePlain(ctx, s.a, existing))
		records, err := s.iris().MakeRecords(ctx, s.a, existing, recordsBefore)
		s.d.Confirm("records")(records.Phrase(), err)
		s.d.Confirm("database to add")(s.iris().FindDatabase(ctx, s.a, existing))
	})
	s.step("See that a system database is refused", func(ctx SpecContext) {
		s.d.Confirm("a system database")(s.iris().CheckSystemRefused(ctx, s.a))
	})
	s.step("Add the database on the primary", func(ctx SpecContext) {
		s.d.Confirm("added by")(s.iris().AddDatabase(ctx, s.a, existing))
	})
	s.step("See that it is missing on the backup", func(ctx SpecContext) {
		s.d.Confirm("missing")(s.iris().WaitMissing(ctx, s.b, existing))
	})
	s.step("See that created is not added", func(ctx SpecContext) {
		s.d.Confirm("created as a mirrored one on the backup")(s.iris().CreatedIsNotAdded(ctx, s.b, existing))
	})
	s.step("Make a plain database on the backup", func(ctx SpecContext) {
		s.d.Confirm("plain database on the backup")(s.iris().MakePlain(ctx, s.b, existing))
	})
	s.step("Take a copy on the primary", func(ctx SpecContext) { backup = s.takeCopy(ctx) })
	s.step("Carry the copy over", func(ctx SpecContext) {
		s.d.Confirm("copy")(s.iris().CarryCopy(ctx, s.a, s.b, backup))
	})
	s.step("Put the copy in place on the backup", func(ctx SpecContext) {
		put := s.iris().PlaceCopy
		if s.d.Params["way"] == wayBackup {
			put = s.iris().Restore
		}
		s.d.Confirm("put in place")(put(ctx, s.b, backup))
	})
	s.step("See that it is mirrored and only read", func(ctx SpecContext) {
		s.d.Confirm("state on the backup")(s.iris().CheckDatabase(ctx, s.b, existing))
		s.d.Confirm("writes on the backup")(s.iris().CheckOnlyRead(ctx, s.b, existing))
	})
	s.step("See that every record has arrived", func(ctx SpecContext) {
		records, err := s.iris().MakeRecords(ctx, s.a, existing, recordsAfter)
		if err == nil && records.Count != recordsBefore+recordsAfter {
			err = phrase.Errorf("records are missing on the primary itself")
		}
		s.d.Confirm("records on the primary")(records.Phrase(), err)
		s.d.Confirm("records on the backup")(s.iris().WaitRecords(ctx, s.b, existing, records))
	})
	s.step("Confirm the final state", func(ctx SpecContext) {
		s.inMirror(ctx, existing)
		for _, m := range []driver.Member{s.a, s.b} {
			s.works(s.iris().RemoveCopy(ctx, m, backup))
		}
	})
}

// takeCopy takes the copy in the way that was asked for. Where a version does not dismount a
// mirrored database on the primary, the page says to freeze the instance instead, and the
// record says that it was done so.
func (s *story) takeCopy(ctx SpecContext) (c iris.Copy) {
	GinkgoHelper()
	var err error
	switch s.d.Params["way"] {
	case wayBackup:
		s.d.Confirm("listed for the backup by")(s.iris().ListForBackup(ctx, s.a, existing))
		c, err = s.iris().Backup(ctx, s.a, existing)
	case wayCopy:
		if c, err = s.iris().ColdCopy(ctx, s.a, existing); !errors.Is(err, iris.ErrHeld) {
			break
		}
		s.d.RecordFinding(phrase.Say("no copy of the dismounted database: frozen instead"), phrase.Of(err), nil)
		c, err = s.iris().FrozenCopy(ctx, s.a, existing)
	case wayFreeze:
		c, err = s.iris().FrozenCopy(ctx, s.a, existing)
	}
	s.d.Confirm("copy")(c.Phrase(), err)
	return c
}
