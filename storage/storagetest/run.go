package storagetest

import (
	"testing"

	"sluis/storage"
)

// Run proves the duties of storage.Store. open opens an empty store for one
// test, which closes it.
func Run(t *testing.T, open func(t *testing.T) storage.Store) {
	for _, c := range []struct {
		name string
		law  func(*fixture)
	}{
		{"ZeroAccessOpensNothing", zeroAccess},
		{"ReadReturnsWhatWasWritten", readBack},
		{"SearchReadAndMatchAgree", agree},
		{"EveryCriterionAgreesWithMatch", criteriaAgree},
		{"DenyNeverAddsAResult", denyNeverAdds},
		{"PagesUniteUnderConcurrentWrites", pagesUnite},
		{"PagesKeepTheirSnapshot", snapshot},
		{"SortedPagesUnite", sortedPages},
		{"TotalCountsWhatAccessShows", totals},
		{"IncludesObeyAccessBeforeTheLimit", includes},
		{"HopsLeadThroughWhatIsSeen", hops},
		{"IncludesGoOnToTheEnd", graph},
		{"IncludesAreWholeOrAnError", longGraph},
		{"IncludesFollowCanonicals", canonicals},
		{"CompositesMeetInOneElement", composites},
		{"WordsAreFound", textSearch},
		{"NearIsADistanceOnTheSphere", places},
		{"ModifiersAndManyValues", modifiers},
		{"EveryTypeSorts", orders},
		{"DenseOrdersUnite", denseOrder},
		{"SearchesAcrossTypes", acrossTypes},
		{"HistoryWhenCurrentAndFromTheOldest", whenCurrent},
		{"DeletesGoBeforeConditions", deletesFirst},
		{"CrossingTransactionsEnd", crossing},
		{"CustomParametersAreIndexed", customParameters},
		{"AnUpdateWinsOverAReindex", updateWins},
		{"ReferenceDenotesThePerson", personEquality},
		{"OddAndLongTextsAreFound", oddTexts},
		{"ApplyIsAtomic", atomicity},
		{"RecordsCommitWithTheWrite", recordsCommit},
		{"IfMatchHasOneWinner", ifMatchRace},
		{"ConditionalCreateLeavesOne", conditionalCreateRace},
		{"UpsertsOfOneIdTakeTurns", upsertRace},
		{"WritesFollowALinkOfPersons", linkRace},
		{"AnswersAreOfOneVersion", oneVersion},
		{"ConditionalChangesFollowTheirMatch", conditionalChanges},
		{"PreImageIsNotFoundAfterImageForbidden", images},
		{"UpsertAndKeepSame", upserts},
		{"ManyChangesInOneTransaction", manyChanges},
		{"StaleAccessIsRefused", staleAccess},
		{"VersionGrowsWithPolicyAlone", versionGrows},
		{"InboxAnswersARedelivery", inbox},
		{"PersonsAreLinkedAndParted", persons},
		{"ConsentsMakeShapes", shapes},
		{"FactsFollowVouchedEdges", facts},
		{"StandingsTellHowPersonsStand", standings},
		{"DeletedIsGoneOnlyToThoseWhoCouldSee", deleted},
		{"HistoryShowsVersionsJudgedAlike", history},
		{"LabelsStick", labelsStick},
		{"SubjectRefusedInOneMessage", subjects},
		{"ReadyIsReady", ready},
	} {
		t.Run(c.name, func(t *testing.T) { c.law(newFixture(t, open(t))) })
	}
}

func ready(f *fixture) {
	if err := f.Ready(f.ctx); err != nil {
		f.Error(err)
	}
}
