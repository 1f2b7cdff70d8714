"""Uses the anomaly page as a person does, by Streamlit's own AppTest; run by the interpreter that has Streamlit.

Prints a line of JSON for each step: how many anomalies the page shows, and what it says went wrong.
"""

import json
import sys

from streamlit.testing.v1 import AppTest

from trilog_client import flush


def main():
    page = AppTest.from_file(sys.argv[1], default_timeout=60)
    steps = [
        page.run,
        lambda: page.button(key="detect").click().run(),
        lambda: page.button(key="measure").click().run(),
        lambda: page.checkbox[0].check().run(),
        lambda: page.button(key="detect").click().run(),
        lambda: page.button(key="measure").click().run(),
    ]
    for step in steps:
        step()
        shown = {"metrics": [each.value for each in page.metric], "errors": [each.message for each in page.exception]}
        sys.stdout.write(json.dumps(shown) + "\n")
        assert flush(10)


if __name__ == "__main__":
    main()
