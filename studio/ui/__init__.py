"""The window: what a person sees in the browser. The only folder that knows Gradio.

Layout and wiring are apart, handlers are a few lines, and all work is done by `studio.studio`.
"""
