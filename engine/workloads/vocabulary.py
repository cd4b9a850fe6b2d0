"""Phrases that made-up English is put together from; any opening, subject, action and ending fit each other."""

from typing import NamedTuple


class Topic(NamedTuple):
    """What a text is about.

    Attributes:
        title: in a heading.
        subjects: who does something.
        actions: what they did, in the past tense.
    """

    title: str
    subjects: tuple[str, ...]
    actions: tuple[str, ...]


OPENINGS = (
    "After the morning review,",
    "By the end of the week,",
    "Because time was short,",
    "In the second quarter,",
    "To everyone's surprise,",
    "As agreed in March,",
    "With only two days left,",
    "Following the audit,",
    "On the advice of a colleague,",
    "According to the minutes,",
    "Once the figures were in,",
    "During the trial period,",
    "Under the new rules,",
    "Shortly before noon,",
    "For the third time this year,",
    "Against the original plan,",
)

ENDINGS = (
    ", which saved nearly four hours.",
    ", although nobody had asked for it.",
    " and wrote down why.",
    " at about half the usual cost.",
    " so that the numbers could be checked again.",
    " without telling the other sites.",
    ", and the complaints stopped within a week.",
    " because the old way had failed twice.",
    ".",
    " and asked for a second opinion.",
    ", but the effect was smaller than expected.",
    " before anyone noticed the delay.",
    ", as the contract required.",
    " with help from two volunteers.",
    ", leaving a margin of eleven percent.",
    " and sent a short report to the board.",
)

TOPICS = (
    Topic(
        "Freight and warehouses",
        (
            "the night shift", "the dispatch office", "a driver from the coast", "the customs agent",
            "the warehouse manager", "the rail operator", "our largest carrier", "the loading crew",
            "the planning team", "the insurer",
        ),
        (
            "moved the refrigerated goods to the northern depot", "relabelled forty pallets by hand",
            "split the delivery over three lorries", "held the containers at the border",
            "rerouted the ferry traffic", "counted the spare parts twice",
            "opened a second loading bay", "cancelled the overnight transfer",
            "measured how long each stop took", "returned the damaged crates to the supplier",
        ),
    ),
    Topic(
        "Hospital operations",
        (
            "the ward sister", "the anaesthetist", "the pharmacy", "the booking desk", "a visiting surgeon",
            "the radiology department", "the infection team", "the outpatient clinic", "the blood bank",
            "the duty physician",
        ),
        (
            "moved the elective list to the afternoon", "checked every dose against the chart",
            "opened six extra beds", "ordered a second scan", "shortened the waiting list by a fifth",
            "changed the handover form", "kept two theatres in reserve", "called the families in advance",
            "tested the backup generators", "discharged the patients who could be cared for at home",
        ),
    ),
    Topic(
        "Running a software service",
        (
            "the on-call engineer", "the database team", "the release manager", "a junior developer",
            "the search service", "the load balancer", "the billing job", "the security reviewer",
            "the mobile client", "the cache cluster",
        ),
        (
            "rolled the deployment back", "raised the connection limit", "split the table by customer",
            "found a lock that was never released", "retried every request three times",
            "moved the batch work to a quieter hour", "added an index on the account column",
            "dropped the oldest entries", "wrote a test that reproduced the fault",
            "turned the feature off for new users",
        ),
    ),
    Topic(
        "Electricity and the grid",
        (
            "the grid operator", "the wind farm", "the regulator", "a paper mill in the south",
            "the control room", "the maintenance crew", "the battery plant", "the forecasting group",
            "the hydro station", "the city utility",
        ),
        (
            "lowered its output for an hour", "bought reserve power abroad", "replaced the ageing transformer",
            "shifted the peak into the evening", "published the wholesale prices",
            "reported a fault on the western line", "charged the storage at midday",
            "asked large customers to wait", "rebuilt the model of demand", "opened the spillway",
        ),
    ),
    Topic(
        "Household and company finance",
        (
            "the treasurer", "the pension fund", "a small lender", "the tax office", "the audit committee",
            "the procurement team", "the chief accountant", "the family", "the credit union", "the new owner",
        ),
        (
            "paid the invoices early", "wrote off the old equipment", "refinanced the loan at a fixed rate",
            "moved the reserve into short bonds", "questioned the travel expenses",
            "compared three offers", "postponed the dividend", "closed two unused accounts",
            "corrected the opening balance", "set aside a tenth of the income",
        ),
    ),
    Topic(
        "Farming and food",
        (
            "the cooperative", "the orchard keeper", "a dairy near the river", "the seed supplier",
            "the irrigation board", "the bakery", "the grain merchant", "the agronomist", "the neighbours",
            "the packing station",
        ),
        (
            "sowed barley after the beans", "watered the lower fields at night",
            "stored the harvest in sealed bins", "tested the soil in nine places",
            "sold half of the crop in advance", "lost the early blossom to frost",
            "shared one combine harvester", "cut the use of fertiliser", "kept records of every delivery",
            "switched to a slower fermentation",
        ),
    ),
    Topic(
        "Schools and universities",
        (
            "the head teacher", "the examination board", "a group of parents", "the physics department",
            "the library", "the admissions office", "the student union", "the language teacher",
            "the ministry", "the research group",
        ),
        (
            "moved the lessons to smaller rooms", "marked the essays without names",
            "started the day half an hour later", "lent out two hundred laptops",
            "compared the results with the previous year", "rewrote the reading list",
            "opened the laboratory on Saturdays", "gave every pupil a second attempt",
            "published the raw data", "asked the graduates what they missed",
        ),
    ),
    Topic(
        "Streets and public transport",
        (
            "the city council", "the tram company", "the architect", "a residents' association",
            "the traffic engineer", "the bus drivers", "the surveyor", "the building contractor",
            "the cycling campaign", "the harbour authority",
        ),
        (
            "closed the bridge for repairs", "widened the pavement along the market",
            "ran a bus every eight minutes", "counted the cyclists at five junctions",
            "planted lime trees on both sides", "lowered the speed limit at night",
            "moved the terminus behind the station", "repaved the square with local stone",
            "offered a single ticket for all zones", "postponed the tunnel",
        ),
    ),
)  # fmt: skip

QUESTIONS = (
    "Can you explain in plain words why {event}?",
    "What should be checked first, given that {event}?",
    "Was it the right decision that {event}? Please weigh both sides.",
    "Suppose a newcomer asks why {event}. What would you answer?",
    "Which three consequences follow from the fact that {event}?",
    "How would you explain to a customer that {event}?",
)
