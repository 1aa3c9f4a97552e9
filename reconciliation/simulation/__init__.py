"""A core collection system that is made up: it changes state day by day, and knows why.

    options = Options(seed=7, agents=20, first_month=date(2006, 4, 1), months=3)
    simulate(options, folder)  # the feed, the declarations, and what is true of every month
    for day in days(folder):
        ...  # day.declarations to the window, then every file: put(file, inbox)

The same options give the same bytes. Nothing here knows Django or a database. It shares no code
with what reads the feed, reconciles the months or explains them. docs/simulator.md has the formats.
"""

from reconciliation.simulation.books import Code
from reconciliation.simulation.options import Options, Rates, WrongOption, month_of
from reconciliation.simulation.truth import Cause, MonthTruth, Neighbourhood
from reconciliation.simulation.world import Day, Summary, days, neighbourhoods, put, simulate

__all__ = [
    "Cause",
    "Code",
    "Day",
    "MonthTruth",
    "Neighbourhood",
    "Options",
    "Rates",
    "Summary",
    "WrongOption",
    "days",
    "month_of",
    "neighbourhoods",
    "put",
    "simulate",
]
