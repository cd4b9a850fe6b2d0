"""A comparison as JUnit XML, for CI: one test case for each gate on each backend."""

from xml.etree import ElementTree as Xml  # only written here, never read

from ...backends.printable import printable
from .compare import Diff
from .text import render as as_text

_WIDTH = 120


def render(made: Diff) -> str:
    """`made` as a document, with a final line end."""
    failed = sum(each.outcome == "fail" for each in made.gates)
    skipped = sum(each.outcome == "not judged" for each in made.gates)
    counts = {"tests": str(len(made.gates)), "failures": str(failed), "errors": "0", "skipped": str(skipped)}
    suites = Xml.Element("testsuites", counts | {"name": "infertop diff"})
    suite = Xml.SubElement(suites, "testsuite", counts | {"name": "infertop diff"})
    for each in made.gates:
        case = Xml.SubElement(
            suite, "testcase", {"classname": printable(each.backend), "name": printable(each.condition)}
        )
        if each.outcome == "fail":
            Xml.SubElement(case, "failure", {"message": each.text, "type": "gate"}).text = each.text
        elif each.outcome == "not judged":
            Xml.SubElement(case, "skipped", {"message": each.text})
    Xml.SubElement(suite, "system-out").text = "\n" + as_text(made, _WIDTH)
    Xml.indent(suites)
    return Xml.tostring(suites, "unicode", xml_declaration=True) + "\n"
