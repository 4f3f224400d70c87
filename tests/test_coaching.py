"""Years of jobs."""

import pytest

from pmskills.coaching import years


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("Claims Handler, 03/2014 to Current", (2014, None)),
        ("Clerk, Jan 2010 - Till Date", (2010, None)),
        ("Clerk March 2010 to June 2012 Teller May 2012 – Present", (2010, None)),
        ("Current Accounts Clerk, Lloyds Bank 03/2001 - 04/2004", (2001, 2004)),
        ("Producer, Today Show, NBC 2008-2010", (2008, 2010)),
        ("Now Foods 2010 - 2012", (2010, 2012)),
        ("Sales Rep, Northway, since 2019", (2019, None)),
        ("Sales Rep, since March 2019", (2019, None)),
        ("Engineer, Studio 2000, 03/2015 - 2016", (2015, 2016)),
        ("Intern, summer 2009", (2009, 2009)),
        ("Intern 2009, now in sales", (2009, None)),
        ("Intern", (None, None)),
    ],
)
def test_years_are_those_of_the_job(entry, expected):
    assert years(entry) == expected
