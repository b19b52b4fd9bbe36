"""The columns that each measure rests on, written down a second time: a slip in the list would make a false 0.

tests/landing/test_absent_columns.py shows what a night does where they are absent; its files lack several at once.
"""

from support import seed

from dagster_project.core.coverages import read_coverage

COUNTED = [m for m in seed("measure_list") if m["aggregation"] in ("sum", "stock", "last")]

RESTS_ON = """
drug_offences: possession_offences, trafficking_offences: offence_code status
drug_tests: tests_completed, tests_refused, arrests_to_test, test_rate: test_status
drug_tests: tests_missed: test_status / missed_reason
drug_tests: tests_positive, tests_recording_results, positivity_rate: cocaine|opiates|result test_status
drug_tests: positive_cocaine, positive_opiates, positive_both, positive_not_recorded: cocaine opiates test_status
drug_tests: referrals: referred
stop_search: searches: / legislation
stop_search: drug_searches: object_of_search / legislation
stop_search: drug_finds, drug_searches_recording_finds, drug_find_rate: object_found object_of_search / legislation
stop_search: drug_searches_by_outcome: object_of_search outcome
stop_search: drug_searches_by_ethnicity: object_of_search self_defined_ethnicity
stop_search: drug_searches_by_age: age_range object_of_search
county_lines: lines_closed, lines_active: closed_on
county_lines: persons_charged, persons_safeguarded: outcome / strand
op_trapped: repeat_addresses: address_ref
op_trapped: people_safeguarded: people_safeguarded
school_inputs: inputs_delivered: / phase
school_inputs: young_people_engaged: young_people / phase
confiscation_orders: orders: / offence_category
confiscation_orders: order_value: order_value / offence_category
confiscation_orders: benefit_value: benefit_value / offence_category
confiscation_orders: compensation_value: compensation_value / offence_category
confiscation_orders: aris_returns: amount
cash_seizures: orders_obtained: / status
cash_seizures: orders_obtained_value: amount / status
cash_seizures: under_investigation_value: amount status
cash_seizures: forfeiture_value: amount
mda_orders: orders: / recipient
mda_orders: order_value: amount / recipient
incidents: incidents_drugs, roc_drugs: qualifiers record_type
incidents: incidents_drugs_emergency, roc_drugs_emergency: grade qualifiers record_type from 2023-10-01
incidents: incidents_drugs_by_channel: channel qualifiers record_type
intelligence: intelligence_items: themes / source
pspo: pspos_new: / authority
pspo: pspos_active: ends_on / authority
pspo: fpns_issued, prosecutions, fpn_share: kind / authority
pspo: fpns_issued_by_team: kind / issuing_team
iom: cohort_size: cohort_size
iom: knightlow_visits: operation
iom: knightlow_visits_substance_misuse: operation substance_misuse
community_voices: responses: / issue
prevention_activity: activities: / activity
prevention_activity: activity_quantity: quantity / activity
cash_seizures: forfeiture_orders: nothing
county_lines: lines_identified: nothing
drug_tests: trigger_arrests: nothing
naloxone: naloxone_administrations: nothing
op_trapped: properties_identified: nothing
street_crime: crimes: nothing
"""
"""Mart: measures: what all of it needs (`|`: one of them), and after a slash what its categories need too. Each measure that
counts is here, so that nobody adds one without asking what it needs: `nothing` counts every row."""


def test_each_measure_rests_on_its_columns() -> None:
    def needs(coverage: str) -> set[str]:
        return {"|".join(sorted(names)) for names in read_coverage(coverage).needs}

    found = {}
    for m in seed("measure_list"):
        whole, categories = needs(m["coverage"]), needs(m["category_coverage"] or m["coverage"]) - needs(m["coverage"])
        begins = read_coverage(m["coverage"]).available_from
        assert bool(m["category_coverage"]) == bool(categories), m["measure"]
        begin = f" from {begins}" if begins else ""
        more = f" / {' '.join(sorted(categories))}" if categories else ""
        text = f"{' '.join(sorted(whole))}{begin}{more}".strip()
        if text or m in COUNTED:
            found[m["mart"], m["measure"]] = text or "nothing"
    lines = [line.split(": ") for line in RESTS_ON.strip().splitlines()]
    assert found == {(f"mart_{mart}", m): text for mart, measures, text in lines for m in measures.split(", ")}
