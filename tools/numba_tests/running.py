"""Runs the tests of one file of Numba's, and tells of each: python -m running FILE DESCRIPTOR. Tests that are done come as JSON
on standard input. As `python -m numba.runtests NAME ...`, which some of the tests call, it runs what is named."""

import json
import os
import re
import sys
import unittest
import warnings

import swap


INNER = re.compile(r"([\w.]*Error|swap\.NotThere): ")


class Telling(unittest.TestResult):
    """Writes a line of JSON before and after each test."""

    def __init__(self, log):
        super().__init__()
        self.log = log

    def say(self, **what):
        self.log.write(json.dumps(what) + "\n")
        self.log.flush()

    def startTest(self, test):
        super().startTest(test)
        self.outcome, self.why = "passed", ""
        self.say(start=name_of(test))

    def stopTest(self, test):
        super().stopTest(test)
        self.say(end=name_of(test), outcome=self.outcome, why=self.why)

    def addError(self, test, error):
        self.failed(error)
        if not isinstance(test, unittest.TestCase):  # what is set up for a class or a module
            self.say(end=str(test), outcome="failed", why=self.why)

    def addFailure(self, test, error):
        self.failed(error)

    def addSubTest(self, test, part, error):
        if error is not None:
            self.failed(error)

    def addSkip(self, test, reason):
        self.outcome = "skipped"

    def addExpectedFailure(self, test, error):
        self.outcome = "skipped"

    def addUnexpectedSuccess(self, test):
        self.outcome = "skipped"

    def failed(self, error):
        kind, value, _ = error
        lines = [line.strip() for line in str(value).splitlines() if line.strip()] or [""]
        # Tests in a process of their own fail with all that it wrote; the exception stands last.
        inner = [line for line in lines if lines[0].startswith("1 != 0") and INNER.match(line)]
        if inner:
            self.why = inner[-1].removeprefix("swap.NotThere: ")
        else:
            self.why = lines[0] if issubclass(kind, swap.NotThere) else f"{kind.__name__}: {lines[0]}"
        self.outcome = "failed"


def name_of(test):
    return test.id().removeprefix("numba.tests.")


def tests_of(suite):
    for item in suite:
        yield from tests_of(item) if isinstance(item, unittest.TestSuite) else [item]


def main():
    if sys.argv[1].startswith("numba.tests."):
        unittest.main(module=None, argv=sys.argv)
    file, descriptor = sys.argv[1:]
    done = set(json.load(sys.stdin))
    suite = unittest.defaultTestLoader.loadTestsFromName(f"numba.tests.test_{file}")
    warnings.simplefilter("default")
    with os.fdopen(int(descriptor), "w") as log:
        unittest.TestSuite(test for test in tests_of(suite) if name_of(test) not in done).run(Telling(log))


if __name__ == "__main__":
    main()
