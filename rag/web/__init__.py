"""The web chat: the only room that imports gradio.

Nothing here may call home, so that is settled before gradio is imported.
"""

import os

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ.setdefault("HF_HUB_OFFLINE", "1")
