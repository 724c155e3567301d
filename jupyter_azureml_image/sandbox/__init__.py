"""The sandbox: an Azure ML workspace on this machine, spoken to as any HTTP client speaks to Azure.

A separate process (``python -m jupyter_azureml_image sandbox``). It shares no code with the rest
of the package and nothing there imports it, so that it can be wrong in its own way.
"""
