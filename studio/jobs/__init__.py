"""Running it: job (a render somebody asked for) → queue → supervisor → process → worker.

Knows nothing of the gallery, of models or of pictures: how a job becomes a task, and a finished
file a clip, is handed in.
"""
