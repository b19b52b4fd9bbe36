"""`pam check`: words that change which figure a sentence or a table is about."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dagster_project.core.home import Home
from dagster_project.document_check import check_document
from dagster_project.document_check.check import UNKNOWN_TABLE
from dagster_project.document_check.model import Printed
from document_check.documents import check, check_text, make_word, read_figures

OF_SOMETHING_ELSE = [
    # Numbers in the order of names.
    "Trafficking and possession offences were 1,936 and 1,032 respectively in 2024/25.",
    # A sum.
    "In 2024/25 possession and trafficking offences totalled 2,968.",
    "Modern slavery and trafficking offences numbered 1,032 in 2024/25.",
    # The end of a range.
    "In 2024/25 there were between 1,900 and 2,000 possession offences.",
    "In 2024/25 we had 1,900-2,000 possession offences.",
    # Other places, and others who act.
    "Possession offences in the East Midlands rose by 33% in the year to October 2025.",
    "Across our most similar group, possession offences rose by 33% in the year to October 2025.",
    "Paramedics gave naloxone 47 times between May 2024 and November 2025.",
    "Crimestoppers gave 1,484 items of drug intelligence in October 2025.",
    # Something else is counted, or only a part.
    "Between May 2024 and November 2025, 47 lives were saved with naloxone.",
    "Between May 2024 and November 2025, 47 naloxone kits were handed out.",
    "Victims of trafficking offences numbered 1,032 in 2024/25.",
    "Arrests for possession offences rose by 33% in the year to October 2025.",
    "Complaints about drug searches numbered 1,351 in 2024/25.",
    "The number of days with drug searches was 1,351 in 2024/25.",
    "Total benefit from confiscation orders in 2025 was £1,415,693.",
    "Possession offences at festivals rose 33% in the year to October 2025.",
    "Possession offences per 1,000 residents rose 33% in the year to October 2025.",
    "Cannabis made up 70% of possession offences in 2024/25.",
    "Black people were 4 times more likely to be stopped in drug searches in 2024/25.",
    # A comparison with another measure, or with another time.
    "There were 904 more possession offences than trafficking offences in 2024/25.",
    "Quarter on quarter, possession offences rose 33% in the year to October 2025.",
    # A change compared with another time than the year before.
    "Compared with 2019, possession offences in the year to October 2025 are up 33%.",
    "Possession offences have risen by 33% over the last five years to October 2025.",
    "Possession offences rose by 33% in the year to October 2025 compared with the six months before.",
    "Drug searches rose by 40.5% in 2025 on 2023.",
    "Drug searches rose by 40.5% in 2025 over 2023.",
    "Drug searches rose by 40.5% in 2025 from 2023 levels.",
    "Drug searches rose by 475 in 2025 beyond the 2023 level.",
    "Drug searches rose by 40.5% in 2025 on pre-pandemic levels.",
    "Drug searches in 2025 were up 40.5% (2023: as many).",
    # A change without a direction, or of an unknown kind.
    "Possession offences zigzagged by 538 in the 12 months to October 2025.",
    "The find rate fell by 3% in the year to October 2025.",
    # A denial.
    "Possession offences did not rise by 33% in the year to October 2025.",
    "Possession offences have not risen to 1,936 in 2024/25.",
    # Part of a year.
    "In the first six months of 2024/25 there were 1,936 possession offences.",
    "In the final three months of 2025 there were 2,143 possession offences.",
    "Possession offences in the quarter to October 2025 came to 2,187.",
    "Possession offences this financial year, to October 2025, came to 2,187.",
    "Possession offences in the calendar year to October 2025 came to 2,187.",
    "Possession offences in the six-month period to October 2025 came to 2,187.",
    "There were 1,708 drug searches so far in 2025.",
    "There were 1,708 drug searches so far this year.",
    "So far there have been 1,708 drug searches.",
    # More than a year.
    "Possession offences rose to 1,769 between 2024 and 2025.",
    "Possession offences fell to 1,431 between 2023/24 and 2024/25.",
    "Possession offences over the two years to 2024/25 came to 1,936.",
    "Possession offences in the three years to March 2025 came to 1,936.",
    "Possession offences since 2024/25 came to 1,936.",
    "Officers carried out 1,351 drug searches in 2024/25 over three years.",
    "Officers carried out 1,351 drug searches of under-25s in 2024/25.",
    # Financial or calendar.
    "Possession offences for the 2024 financial year came to 1,936.",
    # Places that have no figures.
    "In 2024/25 1,936 possession offences were recorded in the city.",
    "In 2024/25 1,936 possession offences were recorded in Ilkeston.",
    "In Sheffield there were 1,936 possession offences in 2024/25.",
    "At Chatsworth there were 1,936 possession offences in 2024/25.",
    "Outside Derby North, naloxone was used 26 times between May 2024 and November 2025.",
    # Another base, or another denominator.
    "Some 55% of those arrested tested positive between September 2024 and October 2025.",
    "In 2023/24 the rate of alcohol-related admissions in Derby was 756 per 10,000.",
    # What a share is of.
    "For every 1,351 drug searches in 2024/25 there was a complaint.",
    "Fifteen in every 100 drug searches in 2024/25 found something.",
    # Two areas.
    "Drug searches in Derby East and Derby North numbered 142 in 2024/25.",
    "Drug searches numbered 142 in Derby North and Derby East in 2024/25.",
    "Primary and secondary schools had 37 inputs from January 2025 to September 2025.",
    # Limits.
    "In excess of 1,936 possession offences were recorded in 2024/25.",
    "A minimum of 1,936 possession offences were recorded in 2024/25.",
    "Possession offences almost reached 1,936 in 2024/25.",
    "Possession offences numbered <1,936 in 2024/25.",
    "Possession offences numbered ≥ 1,936 in 2024/25.",
    "Drug searches numbered 16 hundred in 2025.",
    "1,936+ possession offences were recorded in 2024/25.",
    # Two numbers in the order of names, or of years.
    "Possession and trafficking offences rose by 4.9% and 33% in the year to October 2025.",
    "Possession offences totalled 1,431, 1,936 and 2,187 in 2023/24, 2024/25 and the year to October 2025.",
    # What was done about them.
    "825 drug incidents in 2025 were graded emergency.",
    "1,936 possession offences in 2024/25 were for cannabis.",
    "There were 3,395 drug incidents reported online in 2025.",
    "In 2024/25 we solved 1,936 possession offences.",
    "In 2024/25 possession offences avoided came to 1,936.",
    "In 2024 officers attended 3,525 incidents with a drugs qualifier within an hour.",
    "In the year to October 2025, 416 people declined referral to treatment.",
    "Drug searches under section 60 came to 1,351 in 2024/25.",
    "Drug intelligence submitted by partners came to 17,873 in 2024.",
    # The outcome of some of them.
    "1,936 possession offences ended in a caution in 2024/25.",
    "1,936 possession offences were discontinued in 2024/25.",
    "1,936 possession offences went to court in 2024/25.",
    "1,936 possession offences had a named suspect in 2024/25.",
    "1,351 drug searches were recorded on body-worn video in 2024/25.",
    "Naloxone was offered 47 times from May 2024 to November 2025.",
    # The work of some people, or in some places.
    "Night-shift officers carried out 1,351 drug searches in 2024/25.",
    "The roads policing team carried out 1,351 drug searches in 2024/25.",
    "Special constables carried out 1,351 drug searches in 2024/25.",
    "In schools, 1,351 drug searches were carried out in 2024/25.",
    # A wish or a plan.
    "We aim for 1,351 drug searches in 2024/25.",
    "There could have been 1,351 drug searches in 2024/25.",
    "Counting only women, we carried out 1,351 drug searches in 2024/25.",
    "Our hope is that we reach 1,351 drug searches in 2024/25.",
    "We plan to tackle dealers and reach 1,351 drug searches in 2024/25.",
    "We aim to work together, to be fair and to reach 1,351 drug searches in 2024/25.",
    "The force will, we hope, carry out 1,351 drug searches in 2024/25.",
    "The plan is to reach 2,000 drug searches in 2025/26.",
    # Another count than the measure's.
    "Arrests arising from drug searches rose by 67% in the year to October 2025.",
    "Proportionally, drug searches rose by 67% in the year to October 2025.",
    "In 2024/25 we applied for 108 confiscation orders.",
    "In 2024/25 108 confiscation orders were unpaid.",
    "Source: Home Office. Possession offences in 2024/25: 1,936.",
    # A change compared with another time.
    "Possession offences are up by 538 on the previous quarter in the 12 months to October 2025.",
    # Those in which something happened, and what became of some: also behind a period of many words.
    "Body-worn video was used in 2,846 stop and searches in the year to October 2025.",
    "Items were found in 1,351 drug searches in 2024/25.",
    "1,351 drug searches in the year to March 2025 resulted in no further action.",
    "3,525 drug incidents between January and December 2024 were actioned.",
    # Counted with something else, or something else that has to do with the measure.
    "There were 1,936 possession offences and weapons offences in 2024/25.",
    "Antisocial behaviour linked to drug possession offences in 2024/25: 1,936",
    "Officer submissions made up 10,913 of the 17,439 intelligence items in the year to October 2025.",
    # What limits a measure before it, right behind it or behind its period.
    "Class A possession offences in 2024/25 came to 1,936.",
    "Possession offences (cannabis only) in 2024/25: 1,936",
    "Possession offences, adults, in 2024/25: 1,936",
    "Possession offences from April 2024 to March 2025 at weekends: 1,936",
    "Possession offences and cautions in 2024/25: 1,936",
    "Confiscation orders over £100,000 in 2024/25: 108",
    "Lives saved by naloxone from May 2024 to November 2025: 47",
    "Confiscation orders worth £1,185,696 were paid in 2024/25.",
    # What somebody did with things that were counted.
    "Video was available for 2,251 stop and searches in 2024/25.",
    "The scrutiny panel looked at 2,251 stop and searches in 2024/25.",
    "In 2024/25 officers responded to 1,936 possession offences.",
    "Some 1,936 people were dealt with for possession offences in 2024/25.",
    # Places that are no unit, and a time up to a month's end.
    "Hotspots saw 1,936 possession offences in 2024/25.",
    "In the north of the county there were 1,936 possession offences in 2024/25.",
    "By the end of October 2025 there had been 3 administrations of naloxone.",
    # Numbers that are not read.
    "One in five drug searches in 2024/25 was of a woman.",
    "Half of the drug searches in 2024/25 found something.",
    "Drug searches doubled in 2024/25.",
    "A hundred and eight confiscation orders were made in 2024/25.",
    "In 2024/25 we recorded 1 936 drug possession offences.",
    "Drug searches in 2024/25 were 2.1 times the 2023/24 level.",
    # Compared numbers, with the years in either order.
    "Possession offences in 2025 vs. 2024: 2,143 vs. 1,769.",
    "Possession offences in 2025 vs. 2024: 1,769 vs. 2,143.",
    "Find rate 2025 vs. 2024: 42.8% vs. 40.0%.",
    "Drug searches: 1,649 vs. 1,174 in 2024.",
    "Stop and searches in Dales: 287 against 246 in 2024.",
    "Possession offences in 2025 compared with 2024: 1,769 compared with 2,143.",
    "2,143 vs 1,769 possession offences in 2025 vs 2024.",
    "Possession offences, 2025 (vs 2024): 1,769 (2,143).",
    "In 2025, compared with 2024, there were 1,769 possession offences.",
    # Of several units' numbers, one is of something else, or a change is of each.
    "Training on stop and searches in 2025 reached 287 officers in Dales and 299 in Erewash.",
    "Young people were in 287 stop and searches in Dales and 299 in Erewash in 2025.",
    "Officers found something in stop and searches in 2025: 287 times in Dales, 299 in Erewash.",
    "Without drugs, stop and searches in 2025 were 287 in Dales and 299 in Erewash.",
    "In 2025 there were 287 stop and searches in Dales villages and 299 in Erewash towns.",
    "Stop and searches increased by 299 in Erewash and 287 in Dales in 2025.",
    # Who carries something, a place within a unit, a limit of time or distance, a power, two years.
    "In 2025, 29 officers carried naloxone.",
    "Without cannabis, possession offences were 2,143 in 2025.",
    "Over 2024 and 2025 there were 2,745 stop and searches.",
    "Under section 60, officers made 246 stop and searches in October 2025.",
    "Only 246 stop and searches were recorded within 24 hours in October 2025.",
    "2,143 possession offences were recorded within a mile of schools in 2025.",
    "Chesterfield town centre saw 244 stop and searches in 2025.",
    "Our neighbour recorded 2,143 possession offences in 2025.",
    "The Home Secretary said that 2,143 possession offences were recorded in 2025.",
    "Graded intelligence items numbered 1,484 in October 2025.",
    "Under-recorded possession offences came to 2,143 in 2025.",
    # Kits are no administrations.
    "Naloxone: 250 kits were issued in the year to October 2025.",
    "Naloxone (250 kits) was bought in the year to October 2025.",
    # Since something else happened.
    "Since the launch of the operation in July 2025, drug searches have risen from 366 to 139.",
    "Following the opening of the unit in July 2025, drug searches numbered 139.",
    # A part of the year, and months whose year is in doubt.
    "In 2024/25 there were 1,936 possession offences up to the end of March.",
    "In 2024/25 there were 1,936 possession offences from April to March.",
    "In May 2025 there were more drug searches than the 139 in July.",
    # A month in which something else happened.
    "In 2024/25, a campaign ran in March and 1,936 possession offences were recorded.",
    "1,936 possession offences with a peak in March were recorded in 2024/25.",
    "Once the team started in July 2025 it made 139 drug searches.",
    "A campaign in July 2025 led to 139 drug searches.",
    "Since July there have been 1,649 drug searches in 2025.",
    "In 2024/25 March saw 1,936 possession offences.",
    # A quarter that is an end of the time, or of another year.
    "In Q1 and Q2 2024/25 there were 326 drug searches.",
    "Cumulatively to Q2 2024/25 there were 326 drug searches.",
    "By the end of Q1 2024/25 there were 327 drug searches.",
    "Q2 2024/25 onwards saw 326 drug searches.",
    "In Q5 2024/25 there were 1,936 possession offences.",
    "In 2024/25 there were 327 drug searches in Q1 of the calendar year.",
    # Which of them; who; a limit.
    "In 2024/25 there were 3,477 drug incidents that were closed.",
    "In 2024/25 there were 1,032 trafficking offences that went to court.",
    "Of the 2,745 stop and searches that found nothing in 2025, 299 were in Erewash.",
    "In Q1 2025/26 drug searches (530) by officers of the proactive team rose.",
    "Just over 1,900 people committed possession offences in 2024/25.",
    "In 2024/25 there were 105 drug searches in April at the festival.",
    "In 2024/25, drug searches in April were 105 above plan.",
    "In 2024/25, the find rate was 42% for cannabis.",
    "In 2024/25, 568 drug searches found drugs in the home.",
    "In 2024/25 possession offences rose; officers charged 1,936.",
    "In 2024/25 possession offences rose, and the number of charges was 1,936.",
    "Naloxone: 30 carried in the year to October 2025.",
    # What units' numbers are of.
    "Stop and searches by unit of the officer in 2025: Erewash 299; Dales 287.",
    "Stop and searches by unit in 2025: Erewash town 299; Dales villages 287.",
    "The biggest rises in stop and searches in 2025 were in Erewash (299) and Dales (287).",
    "In 2025, Dales (287) had more stop and searches than Erewash (299).",
    "In August and October 2025 there were 443 drug searches.",
    "In each of the four months to October 2025 there were 582 drug searches.",
    "In Q3 2024/25 there were 361 drug searches across both forces.",
    # Another noun in a later clause.
    "In 2024/25 drug searches fell, and crime in Erewash rose to 152.",
    "In 2024/25 drug searches rose, but knife crime was 1,351.",
    "In 2024/25 drug searches rose and violent crime fell to 1,351.",
    # From December to January is not within a year.
    "In 2025 drug searches rose from 93 in December to 106 in January.",
    # A half-year's change may be on the half-year before.
    "In the six months to September 2025 possession offences rose by 25%.",
    "Possession offences rose by 336 between January and October 2025.",
    # A day, not a period.
    "As at October 2025, possession offences stood at 2,187.",
    # What became of some in a unit, or with other words.
    "In 2024/25, 125 drug searches in Dales found drugs.",
    "In 2025, 178 possession offences in Amber Valley were for cannabis.",
    "In 2024/25, 1,936 possession offences were brought to justice.",
    "In 2024/25 there were 1,936 possession offences brought to justice.",
    "Possession offences in 2024/25: 1,936 (charges only).",
    "1,936 (charges only) possession offences were recorded in 2024/25.",
    # As much as of a year, or since an earlier time.
    "In October 2025 we made a year's worth of drug searches: 133.",
    "In Q3 2024/25 there were 361 drug searches since the start of the year.",
    "Since the start of the year there were 361 drug searches in Q3 2024/25.",
    "In Q3 2024/25 there were 361 drug searches since April 2024.",
    # The time of something else.
    "The July 2025 operation saw 139 drug searches.",
    "County Lines Intensification Week in October 2025 saw 133 drug searches.",
    "In one weekend of October 2025 there were 133 drug searches.",
    "There were 133 drug searches in October 2025 during Operation Sceptre.",
    "Up to October 2025 there were 1,708 drug searches.",
    "Compared to October 2025, there were 133 drug searches, up from 99 the year before.",
    # When somebody said so.
    "The Board was told in October 2025 that there had been 133 drug searches.",
    "At its meeting in October 2025 the Board heard of 133 drug searches.",
    "As reported in October 2025, there were 133 drug searches.",
    # What some did, or what something else was, whatever it is called.
    "Custody staff made 133 drug searches in October 2025.",
    "Officers on one shift made 133 drug searches in October 2025.",
    "In custody there were 133 drug searches in October 2025.",
    "Black people were subject to 133 drug searches in October 2025.",
    "Residents reported 3,395 drug incidents in 2025.",
    "Buxton: 133 drug searches in October 2025.",
    "The requirement was 133 drug searches in October 2025.",
    "Staff were asked to make 133 drug searches in October 2025.",
    "Half-year drug searches in 2025/26: 979 against a plan of 900.",
    "Of a sample of 133 drug searches in October 2025, all were lawful.",
    "In 2025 a man was given a confiscation order of £1,415,693.",
    "133 drug searches were made in October 2025 if festivals are left out.",
    "Rather than 133 drug searches, there were few in October 2025.",
    "Some 120 to 133 drug searches were made in October 2025.",
    "Drug searches, cumulative: 361 in Q3 2024/25.",
    "In October 2025 there were 133 drug searches per unit.",
    # Some of them, and what was counted in something else.
    "In 2025, 406 children were referred to treatment.",
    "In 2025 there were 125 school inputs about knife crime.",
    "In October 2025 there were 133 intelligence-led drug searches.",
    "There were 133 drug searches in October 2025 by ROCU.",
    "In October 2025, dog handlers assisted with 133 drug searches.",
    "Possession offences detected through stop and search came to 2,745 in 2025.",
    "Possession offences from stop and search came to 2,745 in 2025.",
    "Crimes such as possession offences came to 2,143 in 2025.",
    "Firearm and possession offences came to 2,143 in 2025.",
    "Possession offences (Class B) came to 2,143 in 2025.",
    "Possession offences closed in 2025 came to 2,143.",
    "In 2024/25 there were 1,032 trafficking offences across seven forces.",
]


def test_a_number_about_something_else_is_not_linked(sample_home: Home, tmp_path: Path) -> None:
    items = check_text(sample_home, tmp_path, "\n\n".join(OF_SOMETHING_ELSE)).items
    assert len(items) >= len(OF_SOMETHING_ELSE)
    assert [(i.text, i.printed, i.measure) for i in items if i.verdict != "not linked"] == []


JUDGED = [
    # A number in brackets behind a change may be either.
    ("Possession offences rose by 33% (538 in the year to October 2025).", ["not linked", "not linked"]),
    ("Possession offences in 2024/25 were up on 2023/24 (1,431).", ["agrees"]),
    ("Drug incidents in 2025 were down on the 2024 total of 3,525.", ["agrees"]),
    (
        "Possession offences (1,649) and drug searches (1,020) in the year before the 12 months to October 2025.",
        ["agrees", "agrees"],
    ),
    ("So far in October 4 lines were closed.", ["not linked"]),
    ("To date 23 lines have been identified.", ["not linked"]),
    ("Confiscation orders in 2024/25 were for £1,185,696.", ["agrees"]),
    # The right size of a change, with or without the right direction.
    ("Trafficking offences shrank by 49 in the 12 months to October 2025.", ["disagrees"]),
    ("Trafficking offences surged by 49 in the 12 months to October 2025.", ["agrees"]),
    ("Drug searches went down by 688, or 67%, in the year to October 2025.", ["disagrees", "disagrees"]),
    ("Drug searches (+688) rose in the year to October 2025.", ["agrees"]),
    ("Drug searches (-688) rose in the year to October 2025.", ["disagrees"]),
    ("Possession offences rose by 33% in the year to October 2025 on the previous year.", ["agrees"]),
    ("Possession offences fell from 1,431 in 2023/24 to 1,936 in 2024/25.", ["agrees", "disagrees"]),
    ("Possession offences rose from 1,431 in 2023/24 to 1,936 in 2024/25.", ["agrees", "agrees"]),
    ("Drug searches rose by 475 from 2024 to 2025.", ["agrees"]),
    ("Drug searches numbered ~1,600 in 2025.", ["agrees"]),
    # The year before of the next number.
    ("The 12 months to October 2025 saw 2,187 possession offences; the 12 months before that saw 1,649.", ["agrees", "agrees"]),
    ("The 12 months to October 2025 saw 2,187 possession offences and the year before 1,649.", ["agrees", "agrees"]),
    ("There were 1,649 possession offences in the year before the 12 months to October 2025.", ["agrees"]),
    ("Drug searches in Derby North numbered 142 in 2024/25.", ["agrees"]),
    ("Possession offences in 2025 were 21% higher than in 2024.", ["agrees"]),
    ("There were 1,112 drug searches so far in 2025/26.", ["agrees"]),
    ("There were 1,708 drug searches so far in 2025/26.", ["disagrees"]),
    ("There were 1,708 drug searches so far this financial year.", ["disagrees"]),
    ("In 2025, 16 forfeiture orders were obtained, up four on 2024.", ["agrees", "agrees"]),
    ("In 2025, 16 forfeiture orders were obtained, up five on 2024.", ["agrees", "disagrees"]),
    ("Drug searches rose by 40.5% over 2025 on 2024.", ["agrees"]),
    ("Possession offences were up 33% (2,187 in the year to October 2025).", ["not linked", "not linked"]),
    # A right number among wrong words.
    ("The year to October 2025 saw 1,708 drug searches, a record.", ["not computable"]),
    ("Drug-related incidents continued to climb, with 3,395 in 2025.", ["not computable"]),
    ("Drug-related incidents continued to fall, with 3,395 in 2025.", ["agrees"]),
    ("Confiscation orders were at a record low of 108 in 2024/25.", ["not computable"]),
    ("Confiscation orders were at a record low of 109 in 2024/25.", ["disagrees"]),
    ("Drug searches halved to 1,351 in 2024/25.", ["not linked", "disagrees"]),
    ("Drug searches trebled in 2024/25, to 1,351.", ["not linked", "not computable"]),
    ("Recorded possession offences remained stable at 1,936 in 2024/25.", ["not computable"]),
    ("Fewer trafficking offences were recorded in 2024/25 (1,032) than in 2023/24 (909).", ["not computable", "agrees"]),
    ("More trafficking offences were recorded in 2024/25 (1,032) than in 2023/24 (909).", ["agrees", "agrees"]),
    ("Possession offences stood at 1,936 in 2024/25, down from 1,431 in 2023/24.", ["not computable", "agrees"]),
    ("Possession offences stood at 1,936 in 2024/25, up from 1,431 in 2023/24.", ["agrees", "agrees"]),
    # A change of a month may be on the month before, if no year is named.
    ("Intelligence submissions rose to 1,484 in October 2025 from 1,749 in October 2024.", ["disagrees", "agrees"]),
    ("Intelligence submissions rose to 1,484 in October 2025.", ["agrees"]),
    ("Tests from September 2024 to October 2025: 354 positive for cocaine and 19 for opiates.", ["agrees", "agrees"]),
    ("Our police officers carried out 1,351 drug searches in 2024/25, and will do more.", ["agrees"]),
    ("Possession offences in the twelve-month period to October 2025 came to 2,187.", ["agrees"]),
    ("There has been a downward trend in possession offences, with 1,936 in 2024/25.", ["not computable"]),
    ("There has been an upward trend in possession offences, with 1,936 in 2024/25.", ["agrees"]),
    ("Possession offences have fallen year on year: 1,431 in 2023/24 and 1,936 in 2024/25.", ["agrees", "not computable"]),
    # A category after two numbers belongs to both.
    ("From January 2025 to September 2025, 37 school inputs reached 1,790 primary pupils.", ["agrees", "agrees"]),
    ("From January 2025 to September 2025, 98 school inputs reached 5,533 primary pupils.", ["disagrees", "disagrees"]),
    # A number in brackets belongs to the words before it.
    ("Possession offences (1,936) outnumbered trafficking offences (1,032) in 2024/25.", ["agrees", "agrees"]),
    ("Possession offences (1,032) outnumbered trafficking offences (1,936) in 2024/25.", ["disagrees", "disagrees"]),
    ("Trafficking offences increased (1,059 vs 1,010) in the year to October 2025.", ["agrees", "not linked"]),
    ("Stop and search, 2024/25\n\n- Drug searches: 1,351 (2023/24: 637)", ["agrees", "agrees"]),
    ("Drug searches, year to October 2025: 1,708 (previous year: 1,020).", ["agrees", "agrees"]),
    ("Drug searches, year to October 2025: 1,020 (previous year: 1,708).", ["disagrees", "disagrees"]),
    ("There were 538 more possession offences in the year to October 2025 than in the year before.", ["agrees"]),
    ("There were 358 more possession offences in the year to October 2025 than in the year before.", ["disagrees"]),
    ("In the South section there were 37 naloxone administrations from May 2024 to November 2025.", ["agrees"]),
    ("In the North section there were 37 naloxone administrations from May 2024 to November 2025.", ["disagrees"]),
    ("The drop in drug incidents in 2025 was 130.", ["agrees"]),
    ("The drop in drug incidents in 2025 was 3,395.", ["disagrees"]),
    ("1,351 drug searches took place in 2024/25.", ["agrees"]),
    ("1,315 drug searches were also made in 2024/25.", ["disagrees"]),
    ("Possession offences were 505 above the previous year in 2024/25.", ["agrees"]),
    ("Possession offences were 505 below the previous year in 2024/25.", ["disagrees"]),
    # Some of these are not all of them.
    ("In 2024/25 we made 1,351 drug searches. Of these, 640 led to a find.", ["agrees", "not linked"]),
    ("In 2024/25 we made 1,351 drug searches. This was up from 637 in 2023/24.", ["agrees", "agrees"]),
    ("Stop and search, 2024/25\n\n- Drug searches: 637 (2023/24: 1,351)", ["disagrees", "disagrees"]),
    # The wrong way from a right number, which is not linked; and compared numbers of which each has its year.
    ("Possession offences were 2,143 in 2025, down from 1,769.", ["not computable", "not linked"]),
    ("Possession offences were 2,143 in 2025, up from 1,769.", ["agrees", "agrees"]),
    ("Forfeiture orders were £100k in 2025, up from £271k.", ["not computable", "not linked"]),
    ("Possession offences fell from 1,431 to 1,936 in 2024/25.", ["not linked", "disagrees"]),
    ("Possession offences in 2025: 2,143 vs. 1,769 in 2024.", ["agrees", "agrees"]),
    ("Stop and searches in 2025: Dales 287, Erewash 299.", ["agrees", "agrees"]),
    ("In 2025 there were 79 confiscation orders; £1.42m has been paid.", ["agrees", "not linked"]),
    ("In the whole of 2025/26 there were 1,608 possession offences.", ["not computable"]),
    # A place or plan in the heading or in the sentence before.
    ("Leicestershire\n\nIn 2024/25 there were 1,936 possession offences.", ["not linked"]),
    ("Derby North\n\nIn 2024/25 there were 1,936 possession offences.", ["not linked"]),
    ("Derby North saw a busy year. In 2024/25 there were 1,936 possession offences.", ["not linked"]),
    ("Derby North saw a busy year. In 2024/25 there were 1,936 possession offences overall.", ["agrees"]),
    ("Derby North\n\nWe recorded 1,936 possession offences in 2024/25.", ["not linked"]),
    ("Targets for 2024/25\n\nPossession offences: 1,936", ["not linked"]),
    ("Results for 2024/25\n\nPossession offences: 1,936", ["agrees"]),
    ("Young people\n\nThere were 1,936 possession offences in 2024/25.", ["not linked"]),
    ("Young people in 2024/25\n\n- 1,936 possession offences", ["not linked"]),
    ("Young people in 2024/25:\n\n- 1,936 possession offences\n- 1,351 drug searches", ["not linked", "not linked"]),
    (
        "Plans for 2024/25:\n\n- 1,936 possession offences\n\nIn 2024/25 there were 1,936 possession offences.",
        ["not linked", "agrees"],
    ),
    ("Performance of the proactive team\n\n- 1,351 drug searches in 2024/25", ["not linked"]),
    ("Performance of the proactive team in 2024/25:\n\n- 1,351 drug searches", ["not linked"]),
    ("Performance of the force in 2024/25:\n\n- 1,351 drug searches", ["agrees"]),
    ("Young people\n\nFrom January 2025 to September 2025, 37 school inputs reached primary pupils.", ["agrees"]),
    # April is a month of the year, and not the year to date.
    ("Intelligence items so far in 2025/26 numbered 1,391.", ["disagrees"]),
    ("Trafficking offences were 1,032 in FY24/25 and 909 in FY2023/24.", ["agrees", "agrees"]),
    ("With 219 possession offences in the year to October 2025, Erewash needs more patrols.", ["agrees"]),
    ("With 2,187 possession offences in the year to October 2025, Erewash needs more patrols.", ["disagrees"]),
    # What a year rose from is the year before; what something else, or a month, rose from is not.
    ("Possession offences rose from 1,431 to 1,936 in 2024/25.", ["agrees", "agrees"]),
    ("Possession offences rose to 1,936 in 2024/25, from 1,413.", ["agrees", "disagrees"]),
    (
        "The number of officers rose from 40 to 52 in 2024/25, and drug searches to 1,351.",
        ["not linked", "not linked", "agrees"],
    ),
    ("Trafficking offences rose from 1 to 90 in October 2025.", ["not linked", "disagrees"]),
    ("Possession offences rose from their low of 800 to 2,187 in the year to October 2025.", ["not linked", "agrees"]),
    ("We recorded 1,032 trafficking offences in 2024/25, against 909 the year before.", ["agrees", "agrees"]),
    (
        "In the year to October 2025 there were 2,187 possession offences, against 1,649 in the previous year (up 33%).",
        ["agrees", "agrees", "agrees"],
    ),
    (
        "In the year to October 2025 there were 2,187 possession offences, against 1,649 in the previous year (-33%).",
        ["agrees", "agrees", "disagrees"],
    ),
    # Several units' numbers of one measure, and those of none.
    (
        "Erewash made 183 drug searches in the year to October 2025, Dales 166 and High Peak 139.",
        ["agrees", "agrees", "disagrees"],
    ),
    ("Erewash made 183 drug searches in the year to October 2025, the rest of the force 1,525.", ["not linked", "not linked"]),
    ("Drug incidents fell by 8% in October 2025.", ["not linked"]),
    ("Confiscation orders worth around £1.2m were made in 2024/25.", ["agrees"]),
    ("Cash seizure orders worth £128,000 were obtained in 2024/25.", ["disagrees"]),
    # A list below its period, of figures that the edition does not print.
    (
        "In the 12 months to October 2025:\n\n- 3,459 drug incidents\n- 12 officers trained in stop and search",
        ["agrees", "not linked"],
    ),
    ("Stop & search volumes rose by 67.5% in the year to October 2025.", ["agrees"]),
    ("We completed 824 drug tests in the year to October 2025.", ["disagrees"]),
    # A number called approximate is compared at its last digit that is not 0, with at least two digits.
    ("The year to October 2025 saw around 2,200 possession offences.", ["agrees"]),
    ("There were c. 2,200 possession offences in the year to October 2025.", ["agrees"]),
    ("The year to October 2025 saw some 2,300 possession offences.", ["disagrees"]),
    ("The year to October 2025 saw about 2,000 possession offences.", ["disagrees"]),
    ("Possession offences rose by about 40% in the year to October 2025.", ["disagrees"]),
    ("The year to October 2025 saw 2,200 possession offences.", ["disagrees"]),
    # A right number with the wrong direction.
    ("Possession offences fell 538 to 2,187 in the year to October 2025.", ["disagrees", "disagrees"]),
    ("With possession offences falling, there were 1,936 in 2024/25.", ["not computable"]),
    ("Possession offences fell to 2,187 in the year to October 2025.", ["disagrees"]),
    ("The number of confiscation orders fell in 2024/25, to 108.", ["disagrees"]),
    ("Possession offences rose to 2,187 in the year to October 2025.", ["agrees"]),
    ("Drug incidents have fallen sharply to 3,395 in 2025.", ["agrees"]),
    # The value that a measure fell to is not negative, even where the edition does not print it.
    ("Trigger arrests fell to 1,137 in the year to August 2025.", ["agrees"]),
    # `From` names the value of another year.
    ("Confiscation orders rose to 84 in 2023/24 from 72 in 2022/23.", ["agrees", "agrees"]),
    ("In September 2025 there were 8 completed drug tests in Erewash, up from 8 in September 2024.", ["agrees", "disagrees"]),
    ("In September 2025 there were 8 completed drug tests in Erewash, up from 7 in September 2024.", ["agrees", "agrees"]),
    # Nor is the year before of another number that of this one.
    ("Intelligence items fell from 17,787 the year before to 17,439 in the year to October 2025.", ["not linked", "agrees"]),
    ("Confiscation orders rose from 20 in the same period of the previous year to 28 in Q2 2024/25.", ["agrees", "agrees"]),
    (
        "Confiscation orders rose from 28 in the same period of the previous year to 20 in Q2 2024/25.",
        ["disagrees", "disagrees"],
    ),
    # A month without a year is of the sentence's only other period.
    ("In 2024/25 possession offences rose from 130 in April to 174 in March.", ["agrees", "agrees"]),
    ("In 2024/25 possession offences rose from 103 in April to 147 in March.", ["disagrees", "disagrees"]),
    ("Possession offences went from 130 in April to 174 in March 2024/25.", ["agrees", "agrees"]),
    ("Drug searches rose from 68 in March to 116 in June 2024.", ["agrees", "agrees"]),
    ("Drug searches fell from 141 in November to 122 in March 2025.", ["disagrees", "agrees"]),
    ("Drug searches fell from 68 in March to 116 in June 2024.", ["agrees", "disagrees"]),
    ("Drug searches rose from 68 in March to 161 in June 2024.", ["agrees", "disagrees"]),
    ("Naloxone: 30 administrations in the year to October 2025.", ["agrees"]),
    ("Naloxone: 31 administrations in the year to October 2025.", ["disagrees"]),
    # A number behind another measure than the edition prints is of that measure.
    (
        "The force recorded 2,187 possession offences in the year to October 2025, which is 538 more than"
        " the year before, while drug incidents came to 3,459 (3,570 the year before), a fall of 3.1%.",
        ["agrees"] * 5,
    ),
    (
        "The force recorded 2,187 possession offences in the year to October 2025, which is 538 more than"
        " the year before, while drug incidents came to 3,459 (1,649 the year before), a fall of 33%.",
        ["agrees"] * 3 + ["disagrees"] * 2,
    ),
    (
        "In the year to October 2025 there were 456 positive tests. Over the same period there were 456 stop searches.",
        ["agrees", "disagrees"],
    ),
    # A period behind another number is that number's.
    (
        "Positive tests rose to 43 in October 2025 from 27 in October 2024, and drug incidents to 309.",
        ["agrees", "agrees", "not linked"],
    ),
    # A quarter, and other runs of months, are the sum of their months; a change of a quarter may be on the quarter before.
    ("In Q4 2024/25 there were 535 possession offences.", ["agrees"]),
    ("In the first quarter of 2024/25 there were 535 possession offences.", ["disagrees"]),
    ("In the six months to October 2025 there were 1,134 possession offences.", ["agrees"]),
    (
        "In Q2 of 2024/25 there were 326 drug searches, compared with 165 in the same quarter of the previous year.",
        ["agrees", "agrees"],
    ),
    (
        "In Q2 of 2024/25 there were 362 drug searches, compared with 326 in the same quarter of the previous year.",
        ["disagrees", "disagrees"],
    ),
    ("In Q2 2024/25 there were 326 drug searches, compared with 326 in the previous quarter.", ["agrees", "not linked"]),
    ("Between July and September 2025, 29 trigger offence arrests took place in Derby West.", ["agrees"]),
    ("Between August and September 2025, 29 trigger offence arrests took place in Derby West.", ["disagrees"]),
    ("Drug searches rose by 62% in Q1 2025/26 on the same quarter of the previous year.", ["agrees"]),
    ("Drug searches rose by 26% in Q1 2025/26 on the same quarter of the previous year.", ["disagrees"]),
    ("The find rate was 40% between July and September 2025.", ["not linked"]),
    ("In 2025/26 there were 530 drug searches in Q1 and 494 in the second quarter.", ["agrees", "disagrees"]),
    ("In 2025 there were 530 drug searches in Q1.", ["not linked"]),
    ("In 2024/25 there were 543 stop and searches in Q1 and 549 in Q3.", ["agrees", "disagrees"]),
    # What units' numbers rose and fell from; none where a number beside them is of something else.
    ("While Derby West saw drug searches rise by 67% to 105 in 2024/25, those in Dales rose from 86 to 125.", ["agrees"] * 4),
    (
        "While Derby West saw drug searches rise by 76% to 150 in 2024/25, those in Dales rose from 68 to 125.",
        ["disagrees"] * 3 + ["agrees"],
    ),
    ("Drug searches in Derby West fell by 67% in 2024/25.", ["disagrees"]),
    ("In 2025, more stop and searches were made in Erewash (299) than in Dales (287).", ["agrees", "agrees"]),
    ("In 2025, more stop and searches were made in Erewash (299) than in Dales (299).", ["agrees", "disagrees"]),
    # Fewer, or more, of which a number in brackets is the value.
    ("In 2025, fewer stop and searches took place in Erewash (299).", ["not computable"]),
    ("In 2025, more stop and searches took place in Erewash (299) and Dales (287).", ["agrees", "agrees"]),
    ("In 2025, fewer stop and searches took place in Erewash (298).", ["disagrees"]),
    (
        "There were 87 more drug searches in the 12 months to September 2025 in High Peak (194) than in the"
        " previous 12 months.",
        ["agrees", "agrees"],
    ),
    (
        "There were 78 more drug searches in the 12 months to September 2025 in High Peak (107) than in the"
        " previous 12 months.",
        ["disagrees", "disagrees"],
    ),
    # A little more, or less, than a number.
    ("Just over 1,900 possession offences were recorded in 2024/25.", ["agrees"]),
    ("Just under 1,900 possession offences were recorded in 2024/25.", ["disagrees"]),
    ("Nearly 2,000 possession offences were recorded in 2024/25.", ["agrees"]),
    ("Just over 2,000 possession offences were recorded in 2024/25.", ["disagrees"]),
    ("Just over 1,800 possession offences were recorded in 2024/25.", ["not computable"]),
    ("Just over 1,600 possession offences were recorded in 2024/25.", ["disagrees"]),
    # Searches that found drugs are finds; tests that were positive are those of the sentence before.
    ("In 2024/25, 42% of drug searches found drugs.", ["agrees"]),
    ("In 2024/25, 24% of drug searches found drugs.", ["disagrees"]),
    ("In 2024/25, 1,351 drug searches found drugs.", ["disagrees"]),
    ("In the year to October 2025, 842 tests were completed. Of these, 456 were positive.", ["agrees", "agrees"]),
    ("In the year to October 2025, 842 tests were completed. Of these, 465 were positive.", ["agrees", "disagrees"]),
    (
        "In the year to October 2025, 842 drug tests were completed and 456 people were positive about the service.",
        ["agrees", "not linked"],
    ),
    ("Just under 1,936 possession offences were recorded in 2024/25.", ["not computable"]),
    # Another noun in a later clause, or another unit that a change is on.
    ("While Derby West saw drug searches rise to 105 in 2024/25, arrests in Dales rose from 86 to 125.", ["not linked"] * 3),
    (
        "There were 87 more drug searches in the 12 months to September 2025 in High Peak (194) than in"
        " Dales in the previous 12"
        " months.",
        ["not linked", "agrees"],
    ),
    (
        "In Q2 2024/25 there were 326 drug searches, up 161, after a similar rise in the previous year.",
        ["agrees", "not linked"],
    ),
    ("Of the 2,143 possession offences in 2025, 178 were in Amber Valley and for cannabis.", ["agrees", "not linked"]),
    # After two periods, or another, it is open which one goes on.
    (
        "In 2024/25 we recorded 1,936 possession offences, up from 1,431 in 2023/24. There were also 3,477 drug incidents.",
        ["agrees", "agrees", "not linked"],
    ),
    (
        "In 2023/24 there were 1,431 possession offences, and 1,936 in 2024/25. Over the same period there were 3,477 drug"
        " incidents.",
        ["agrees", "agrees", "not linked"],
    ),
    (
        "In 2024/25 we recorded 1,936 possession offences. In July a new team began. There were also 3,477 drug incidents.",
        ["agrees", "not linked"],
    ),
    # What goes on from the sentence before in its paragraph.
    (
        "In the year to October 2025 we recorded 2,187 possession offences. There were also 3,459 drug incidents.",
        ["agrees", "agrees"],
    ),
    (
        "In the year to October 2025 we recorded 2,187 possession offences. There were also 3,495 drug incidents.",
        ["agrees", "disagrees"],
    ),
    (
        "In the year to October 2025 we recorded 2,187 possession offences.\n\nThere were also 3,459 drug incidents.",
        ["agrees", "not linked"],
    ),
    ("In 2024/25, 42% of drug searches found drugs with a value over £100.", ["not linked", "not linked"]),
    ("In the year to October 2025, 842 tests were completed at Derby. Of these, 456 were positive.", ["not linked"] * 2),
    ("In Derby North, 83 drug searches were made in 2025. Of these, 299 stop searches.", ["disagrees", "not linked"]),
    ("Of the 2,143 possession offences in 2025, 178 were in Amber Valley schools.", ["agrees", "not linked"]),
    ("In October 2025 the operation began. There were also 133 drug searches.", ["not linked"]),
    (
        "In the year to October 2025 we recorded 2,187 possession offences. Over the same period, 2,187 kilograms were seized.",
        ["agrees", "not linked"],
    ),
    # Lists of units, parts of a whole and a second measure behind what the first came from.
    ("Possession offences by unit in 2024/25: Derby West 174; Erewash 206; Dales 186.", ["agrees", "agrees", "disagrees"]),
    ("Possession offences by officer in 2024/25: 1,936.", ["not linked"]),
    ("Of the 2,143 possession offences in 2025, 178 were in Amber Valley.", ["agrees", "agrees"]),
    ("Of the 2,143 possession offences in 2025, 187 were in Amber Valley.", ["agrees", "disagrees"]),
    ("Of the 2,143 possession offences in 2025, 178 were solved in Amber Valley.", ["agrees", "not linked"]),
    (
        "In 2024/25 officers recorded 1,032 trafficking offences, up from 909, and 2,251 stop searches, up from 1,061.",
        ["agrees"] * 4,
    ),
    (
        "In 2024/25 officers recorded 1,032 trafficking offences, up from 990, and 2,521 stop searches, up from 1,061.",
        ["agrees", "disagrees", "disagrees", "agrees"],
    ),
    # Words that do not narrow the measure.
    ("There was a 33% rise in possession offences in the year to October 2025.", ["agrees"]),
    ("The number of drug searches in the year to October 2025 was 1,708.", ["agrees"]),
    ("We used naloxone on 47 occasions from May 2024 to November 2025.", ["agrees"]),
    ("Officers made 1,708 drug searches in the year to October 2025, 688 more than in the year before.", ["agrees", "agrees"]),
    ("Possession offences were at 1,936 in 2024/25 - 505 up on 2023/24.", ["agrees", "agrees"]),
    # `Previous` before a stated end.
    ("In the previous 12 months to October 2025 2,187 drug possession offences were recorded.", ["agrees"]),
    # A period in brackets belongs to the number in the brackets.
    ("In 2024/25 we had 108 confiscation orders (84 in 2023/24), worth £1.19m.", ["agrees", "agrees", "agrees"]),
    ("Primary schools: from January 2025 to September 2025 school inputs reached 1,790 pupils.", ["agrees"]),
    # Words of any report are no category.
    ("Police obtained 61 section 27 orders in 2025.", ["agrees"]),
    ("Police obtained 30 section 27 orders in 2025.", ["disagrees"]),
    ("As in other years, there were 79 confiscation orders in 2025.", ["agrees"]),
    ("Other confiscation orders than these: 16 in 2025.", ["not linked"]),
    ("The Fraud team obtained 12 confiscation orders in 2025.", ["not linked"]),
    ("Fraud: 12 confiscation orders in 2025.", ["agrees"]),
    # None of something else, or of a part.
    ("In 2025 there were no officers trained in naloxone.", ["not linked"]),
    ("No officers were injured in drug searches in 2025.", ["not linked"]),
    ("No drug searches took place on Christmas Day 2025.", ["not linked"]),
    ("No survey responses in 2025 were rude.", ["not linked"]),
    ("In 2025 there were no confiscation orders above £100,000.", ["not linked", "not linked"]),
    ("There were practically no possession offences in 2025.", ["not linked"]),
    ("If there were no possession offences in 2025, we would know.", ["not linked"]),
    ("No possession offences were recorded in 2025.", ["disagrees"]),
    # Of which year, and which unit.
    ("The year before, there were 1,769 possession offences; in 2025 there were 2,143.", ["agrees", "agrees"]),
    ("Possession offences rose from a low base of 1,769 to 2,143 in 2025.", ["not linked", "agrees"]),
    ("In 2025 there were 250 possession offences and 158 drug searches in Derby East.", ["not linked", "not linked"]),
    ("High Peak had 246 possession offences in 2025.", ["agrees"]),
    # All of the force, whatever it is called.
    ("Teams across the county made 1,649 drug searches in 2025.", ["agrees"]),
    ("The number of drug searches carried out in 2025 was 1,649.", ["agrees"]),
    # A quarter or a unit right before its number.
    ("In quarter 1 of 2025/26 there were 530 drug searches.", ["agrees"]),
    ("The North section recorded 1,283 stop and searches in 2025 and the South section 1,352.", ["not linked"] * 2),
    # Of which period, and of which number.
    ("Drug searches in Q1 2025/26 (530) were above Q1 2024/25 (327).", ["agrees", "agrees"]),
    ("In the financial year to date (2025/26) there have been 1,112 drug searches.", ["agrees"]),
    ("Drug incidents, 2025: 3,395 (2024: 3,525; -3.7%).", ["agrees", "agrees", "not linked"]),
    (
        "The year to October 2025 saw a 33% increase in possession offences (2,187 against 1,649).",
        ["agrees", "not linked", "not linked"],
    ),
    ("In 2025 custody staff carried out 844 completed tests, of which 450 (53%) were positive.", ["not linked"] * 3),
    # Of county lines alone, or of organised crime too.
    ("County lines: 45 people were charged and 61 safeguarded in 2025.", ["not linked"] * 2),
    # Headings and the sentence before.
    ("Next steps for October 2025:\n\n- 133 drug searches", ["not linked"]),
    ("Monthly averages for 2024/25\n\n- 1,936 possession offences", ["not linked"]),
    ("Operation Sceptre\n\nIn October 2025 there were 133 drug searches.", ["not linked"]),
    ("The dog unit had a busy month. They made 133 drug searches in October 2025.", ["not linked"]),
]


ORDINARY = [
    # People who act for the force.
    ("In 2024/25 officers carried out {} drug searches.", "1,351", "1,531"),
    ("In 2024/25 Derbyshire officers carried out {} drug searches.", "1,351", "1,531"),
    ("Today officers know that {} drug searches were carried out in 2024/25.", "1,351", "1,531"),
    ("Some 25 officers carried out {} drug searches in 2024/25.", "1,351", "1,531"),
    ("We know that officers carried out {} drug searches in 2024/25.", "1,351", "1,531"),
    ("It was a year where officers carried out {} drug searches: 2024/25.", "1,351", "1,531"),
    ("In 2024/25 there were {} drug searches, which neighbourhood officers welcomed.", "1,351", "1,531"),
    # Wishes, denials and people in another part of the sentence.
    ("Members will recall that there were {} drug searches in 2024/25.", "1,351", "1,531"),
    ("We would highlight that there were {} possession offences in 2024/25.", "1,936", "1,963"),
    ("The aim of stop and search is to find drugs, and {} drug searches were made in 2024/25.", "1,351", "1,531"),
    ("Tackling violence against women and girls, we carried out {} drug searches in 2024/25.", "1,351", "1,531"),
    ("Possession offences did not fall: there were {} possession offences in 2024/25.", "1,936", "1,963"),
    ("There was no change in policy, and {} drug searches were carried out in 2024/25.", "1,351", "1,531"),
    # A place, plan or name above or before the sentence, which the sentence is not about.
    ("A man from Nottinghamshire was jailed. Our officers carried out {} drug searches in 2024/25.", "1,351", "1,531"),
    ("A man from Chesterfield was jailed. There were {} drug searches in 2024/25.", "1,351", "1,531"),
    ("Leicestershire\n\nWe recorded {} possession offences in 2024/25.", "1,936", "1,963"),
    ("- A man from Nottinghamshire was jailed\n- There were {} drug searches in 2024/25\n- All is well", "1,351", "1,531"),
    ("Prepared by: Superintendent A Smith, Chesterfield\n\nThere were {} drug searches in 2024/25.", "1,351", "1,531"),
    ("Derbyshire Police and Crime Commissioner\n\nThere were {} drug searches in 2024/25.", "1,351", "1,531"),
    ("Targeted activity\n\nThere were {} drug searches in 2024/25.", "1,351", "1,531"),
    ("Expected outcomes\n\nThere were {} drug searches in 2024/25.", "1,351", "1,531"),
    ("Target hardening and drugs\n\nThere were {} drug searches in 2024/25.", "1,351", "1,531"),
    ("Police and Crime Plan expectations\n\nThere were {} drug searches in 2024/25.", "1,351", "1,531"),
    ("Work planned with Nottinghamshire Police\n\nThere were {} drug searches in 2024/25.", "1,351", "1,531"),
    # Capitalised words that are not places.
    ("Possession offences came to {} from Apr 2024 to Mar 2025.", "1,936", "1,963"),
    ("There were {} intelligence items in Oct 2025.", "1,484", "1,448"),
    ("There was an increase in Possession Offences to {} in 2024/25.", "1,936", "1,963"),
    ("The total for Drug Searches was {} in 2024/25.", "1,351", "1,531"),
    ("The figures from Niche show {} possession offences in 2024/25.", "1,936", "1,963"),
    ("The data from Power BI show {} possession offences in 2024/25.", "1,936", "1,963"),
    # A change without `by`.
    ("Possession offences in the year to October 2025 were up {} (33%) on the previous year.", "538", "358"),
    ("Possession offences were up {} in the year to October 2025.", "538", "358"),
    ("Possession offences rose {} to 2,187 in the year to October 2025.", "538", "358"),
    ("Possession offences rose 538 to {} in the year to October 2025.", "2,187", "2,178"),
    # Words for a change of something else.
    ("Despite a fall in trafficking offences, we saw {} possession offences in the year to October 2025.", "2,187", "2,178"),
    ("With demand falling, there were {} possession offences in 2024/25.", "1,936", "1,963"),
    ("Growing concern led to {} drug searches in the year to October 2025.", "1,708", "1,780"),
    ("Falling confidence is a risk: there were {} possession offences in 2024/25.", "1,936", "1,963"),
    ("A drop-in centre opened, and {} possession offences were recorded in 2024/25.", "1,936", "1,963"),
]
"""Sentences whose words do not narrow the measure, with a right number, and a wrong one that must be reported."""


@pytest.mark.parametrize(("text", "right", "wrong"), ORDINARY)
def test_unrelated_words_in_the_sentence_do_not_prevent_a_link(
    sample_home: Home, tmp_path: Path, text: str, right: str, wrong: str
) -> None:
    for number, verdict in ((right, "agrees"), (wrong, "disagrees")):
        items = check_text(sample_home, tmp_path, text.format(number)).items
        assert [i.verdict for i in items if i.printed == number] == [verdict]


def test_a_claim_of_an_exact_number_does_not_judge_a_rounded_one(sample_home: Home, tmp_path: Path) -> None:
    _, edition = read_figures(sample_home.warehouse.resolve())
    claim = Printed("2.1", "1,900", "disagrees", "the marts have another figure")
    pool = tuple(replace(f, claims=(claim,)) if f.measure == "possession_offences" else f for f in edition.pool)
    path = tmp_path / "a.txt"
    path.write_text("Some 1,900 possession offences were recorded in 2024/25.")
    (item,) = check_document(path, replace(edition, pool=pool)).items
    assert item.verdict == "agrees"


@pytest.mark.parametrize(("text", "verdicts"), JUDGED)
def test_a_sentence_is_judged_by_its_words(sample_home: Home, tmp_path: Path, text: str, verdicts: list[str]) -> None:
    assert [i.verdict for i in check_text(sample_home, tmp_path, text).items] == verdicts


def test_a_wrong_direction_has_a_reason(sample_home: Home, tmp_path: Path) -> None:
    (item,) = check_text(sample_home, tmp_path, "Possession offences fell to 2,187 in the year to October 2025.").items
    assert item.reason == "the number is right, but the change on the year before is 538"


@pytest.mark.parametrize(
    ("text", "verdicts"),
    [
        ("There were {} drug incidents in October 2025 and {} drug records of contact.", (309, 27)),
        ("Between 1 January and 31 December 2025 there were {} possession offences, compared with {} in the previous year, an"
         " increase of {}%.", (2143, 1769, 21)),
        ("In the 12 months to 30 September 2025, drug trafficking offences rose by {}% to {}.", (7, 1048)),
        ("The drug find rate was {}% in 2025.", (40,)),
    ],
)  # fmt: skip
def test_figures_of_periods_not_in_the_edition_are_compared_with_the_marts(
    sample_home: Home, tmp_path: Path, text: str, verdicts: tuple[int, ...]
) -> None:
    """All right numbers agree, and each wrong number alone disagrees."""
    for wrong in (None, *range(len(verdicts))):
        numbers = [n * 2 + 7 if i == wrong else n for i, n in enumerate(verdicts)]
        items = check_text(sample_home, tmp_path, text.format(*(f"{n:,}" for n in numbers))).items
        assert [i.verdict for i in items] == ["disagrees" if i == wrong else "agrees" for i in range(len(verdicts))]


@pytest.mark.parametrize(
    "text",
    [
        "In the first quarter of 2025 there were 849 drug incidents.",
        "Drug incidents rose by 5% in the first quarter of 2025/26.",
        "Last year there were 3,400 drug incidents.",
        "On 3 October 2025 there were 12 drug incidents.",
        "In the 12 months to 20 November 2025 there were 3,400 drug incidents.",
        "There were 276 drug incidents in July, and more in June 2025.",
        "Drug incidents fell by 8% in October 2025 from 336 the month before.",
    ],
)
def test_a_number_of_another_period_is_not_linked_to_the_nearby_one(sample_home: Home, tmp_path: Path, text: str) -> None:
    items = check_text(sample_home, tmp_path, f"Performance in October 2025\n\n{text}").items
    assert {i.verdict for i in items} == {"not linked"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Trafficking offences rose to 1,059.", "no period in the sentence"),
        ("We have 1,900 officers, and 1,059 of them work.", "no words for a measure"),
        ("In October 2025 there were more than 300 drug incidents.", "the words around it"),
        ("There were 309 drug incidents in Derby in October 2025.", "its words for measure, area and period"),
    ],
)
def test_a_number_that_is_not_linked_has_a_reason(sample_home: Home, tmp_path: Path, text: str, reason: str) -> None:
    item = check_text(sample_home, tmp_path, text).items[-1]
    assert item.verdict == "not linked" and item.reason and item.reason.startswith(reason)


YEARS = [["Offence", "2023/24", "2024/25"], ["Drug Possession", "1,431", "1,936"], ["Drug Trafficking", "909", "1,032"]]
SECTIONS = [["Section", "Total"], ["North", "10"], ["South", "37"], ["Force", "47"]]
ORDINARY_TITLES = [
    "Drug offences (OFFICIAL)",
    "OFFICIAL-SENSITIVE: drug offences",
    "Drug offences – Public Assurance Meeting March 2026",
    "Drug offences, PAM 2026",
    "Drug offences (source: Niche)",
    "Drug offences. Source: Niche",
    "Drug offences dealt with by the force",
    "Drug offences by offence group",
    "Drug offences committed",
    "Objective 2 evidence: drug offences",
    "Drug offences: how are we doing?",
    "Drug offences recorded under Home Office rules",
    "Drugs: possession and supply",
]


TABLES_OF_SOMETHING_ELSE: list[tuple[str, list[list[str]]]] = [
    ("Drug offences in Leicestershire", YEARS),
    ("Drug offences in Derby City", YEARS),
    ("Drug offences that were charged", YEARS),
    ("Drug offences: targets", YEARS),
    ("Drug offences per 1,000 people", YEARS),
    ("Drug offences", [["Offence", "2023/24", "2024/25"], ["Drug Possession (cannabis)", "1,431", "1,936"]]),
    ("Drug offences, solved", [["Offence", "2023/24", "2024/25"], ["Drug Possession", "41%", "42%"]]),
    ("Naloxone administrations in 2024", SECTIONS),
    ("Naloxone training of officers, May 2024 to November 2025", SECTIONS),
    ("Drug offences (April to September only)", YEARS),
    # A title with a word that the edition does not know.
    ("Victims of drug offences", YEARS),
    ("Drug offences in prisons", YEARS),
    ("Unpaid confiscation orders", [["", "23/24", "24/25"], ["TOTAL (Orders - number)", "84", "108"]]),
    ("Officers carrying naloxone, May 2024 to November 2025", SECTIONS),
    ("Drug offences", [YEARS[0], ["Drug Possession (Derby)", "1,431", "1,936"]]),
    ("Drug offences", [["Offence", "2023/24 (to Dec)", "2024/25 (to Dec)"], *YEARS[1:]]),
    ("Drug offences (rounded)", YEARS),
    ("Forfeiture orders", [["", "23/24", "24/25"], ["TOTAL (Orders - number)", "84", "108"]]),
    ("Domestic abuse", [["", "2023/24", "2024/25"], ["People Safeguarded", "15", "16"]]),
]


@pytest.mark.parametrize(("title", "rows"), TABLES_OF_SOMETHING_ELSE)
def test_a_table_about_something_else_is_not_linked(
    sample_home: Home, tmp_path: Path, title: str, rows: list[list[str]]
) -> None:
    make_word([(title, rows)]).save(str(tmp_path / "a.docx"))
    items = check(sample_home, tmp_path / "a.docx").items
    assert items and {(i.verdict, i.measure) for i in items} == {("not linked", None)}


@pytest.mark.parametrize(
    "title",
    [
        *ORDINARY_TITLES,
        "Drug offences in Derby and Derbyshire",
        "Drug offences",
        "Drug offences, 2023/24 and 2024/25",
        "Drug offences (April to March)",
        "This is how many drug offen ces we have",
        "Appendix A: our key figures for drug offences, compared with last year",
        "OBJECTIVE 1: REDUCE THE HARM OF SUBSTANCE MISUSE, PREVENT CRIME AND MAKE THE STREETS OF OUR COUNTY SAFER",
    ],
)
def test_a_table_of_the_force_is_linked(sample_home: Home, tmp_path: Path, title: str) -> None:
    make_word([(title, YEARS), ("Naloxone, May 2024 to November 2025", SECTIONS)]).save(str(tmp_path / "a.docx"))
    assert {i.verdict for i in check(sample_home, tmp_path / "a.docx").items} == {"agrees"}


def test_words_of_a_title_that_prevent_a_link_are_named(sample_home: Home, tmp_path: Path) -> None:
    tables = [("Drug offences by children (OFFICIAL)", YEARS), ("Targets for drug offences", YEARS)]
    make_word(tables).save(str(tmp_path / "a.docx"))
    items = check(sample_home, tmp_path / "a.docx").items
    assert [i.reason for i in items] == ["the title says 'children'"] * 4 + [UNKNOWN_TABLE] * 4


def test_orders_are_linked_to_the_table_of_their_kind(sample_home: Home, tmp_path: Path) -> None:
    """Two tables of the edition have the same labels."""
    rows = [["", "23/24", "24/25"], ["TOTAL (Orders - number)", "45", "57"], ["TOTAL (Orders - value)", "£82,349", "£85,481"]]
    make_word([("Misuse of Drugs Act orders", rows)]).save(str(tmp_path / "a.docx"))
    items = check(sample_home, tmp_path / "a.docx").items
    assert [i.verdict for i in items] == ["agrees", "agrees", "agrees", "disagrees"]


def test_a_sentence_before_a_table_is_not_its_title(sample_home: Home, tmp_path: Path) -> None:
    document: Any = make_word(sentences=["Officers from Leicestershire helped us in 2022."])
    table = document.add_table(3, 3)
    for row, texts in zip(table.rows, YEARS, strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    document.save(str(tmp_path / "a.docx"))
    assert {i.verdict for i in check(sample_home, tmp_path / "a.docx").items} == {"agrees"}


def test_a_change_in_a_table_is_between_the_years_it_shows(sample_home: Home, tmp_path: Path) -> None:
    """The edition prints changes of the twelve months to October: those of financial years are others."""
    head = ["Offence", "2023/24", "2024/25", "Volume Change", "% Change"]
    rows = [head, ["Drug Possession", "1,431", "1,936", "505", "33%"]]
    make_word([("Drug offences", rows)]).save(str(tmp_path / "a.docx"))
    items = check(sample_home, tmp_path / "a.docx").items
    assert [i.verdict for i in items] == ["agrees", "agrees", "agrees", "disagrees"]


@pytest.mark.parametrize("turned", [False, True])
def test_a_change_between_years_that_the_edition_does_not_print_is_of_these_years(
    sample_home: Home, tmp_path: Path, turned: bool
) -> None:
    """21% is right of the calendar years, and 33% would be the change of the twelve months to October. Rows of changes are not
    linked."""
    head = ["Offence", "Jan-Dec 2024", "Jan-Dec 2025", "Volume Change", "% Change"]
    rows = [head, ["Drug Possession", "1,769", "2,143", "374", "21%"]]
    if turned:
        rows = [list(column) for column in zip(*rows, strict=True)]
    make_word([("Recorded drug offences", rows)]).save(str(tmp_path / "a.docx"))
    changes = ["not linked"] * 2 if turned else ["agrees"] * 2
    assert [i.verdict for i in check(sample_home, tmp_path / "a.docx").items] == ["agrees", "agrees", *changes]


def test_a_limit_in_a_cell_is_not_compared(sample_home: Home, tmp_path: Path) -> None:
    rows = [["Unit", "Total"], ["Derby North", "26"], ["Chesterfield", "<7"], ["Dales", "< 5"]]
    make_word([("Naloxone administered by officers, by unit", rows)]).save(str(tmp_path / "a.docx"))
    assert [i.verdict for i in check(sample_home, tmp_path / "a.docx").items] == ["agrees", "not linked", "not linked"]
