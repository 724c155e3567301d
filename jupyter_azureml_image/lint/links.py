"""Where the facts behind the rules were read; each name is one page at one commit."""

from __future__ import annotations

EXTEND = (
    "https://github.com/MicrosoftDocs/azure-ai-docs/blob/"
    "b31f33bdba5aa6651a8f7300571169da7d452db6/articles/machine-learning/v1/"
    "how-to-extend-prebuilt-docker-image-inference.md"
)
EXTENSIBILITY = (
    "https://github.com/MicrosoftDocs/azure-ai-docs/blob/"
    "3551178f38247865618fdf19527421d19316758f/articles/machine-learning/v1/"
    "how-to-prebuilt-docker-images-inference-python-extensibility.md"
)
TROUBLESHOOT_IMAGES = (
    "https://github.com/MicrosoftDocs/azure-ai-docs/blob/"
    "b8ba59625c3f01e62d876cfbae99dacc977f5054/articles/machine-learning/v1/"
    "how-to-troubleshoot-prebuilt-docker-image-inference.md"
)
INFERENCE_IMAGES = (
    "https://github.com/MicrosoftDocs/azure-ai-docs/blob/"
    "0efa44ffcbab3afc64abda2c88e74b352c1443d7/articles/machine-learning/"
    "concept-prebuilt-docker-images-inference.md"
)
SERVER = (
    "https://github.com/MicrosoftDocs/azure-ai-docs/blob/"
    "19fa85dd0febc9bf7d9dfa017fc2cff152c11e71/articles/machine-learning/"
    "how-to-inference-server-http.md"
)
SERVER_TROUBLESHOOTING = (
    "https://github.com/MicrosoftDocs/azure-ai-docs/blob/"
    "56ffc14044943506ffaa9d51dfce829d8a8dd02c/articles/machine-learning/includes/"
    "machine-learning-inference-server-troubleshooting.md"
)
CUSTOM_CONTAINER = (
    "https://github.com/MicrosoftDocs/azure-ai-docs/blob/"
    "1dd5f8602b8517bd63720ea952cacef33661ba8c/articles/machine-learning/"
    "how-to-deploy-custom-container.md"
)
TROUBLESHOOT_ENDPOINTS = (
    "https://github.com/MicrosoftDocs/azure-ai-docs/blob/"
    "112100ce80671708ca6b2f7ea53c2f08d05706e6/articles/machine-learning/"
    "how-to-troubleshoot-online-endpoints.md"
)
ENVIRONMENTS = (
    "https://github.com/MicrosoftDocs/azure-ai-docs/blob/"
    "05e88d3d5093731e0143b02b13a6f3048954944c/articles/machine-learning/"
    "how-to-troubleshoot-environments.md"
)
ENVIRONMENTS_V2 = (
    "https://github.com/MicrosoftDocs/azure-ai-docs/blob/"
    "143a126dc727b1b068b3b19b183da4aa8814b962/articles/machine-learning/"
    "how-to-manage-environments-v2.md"
)
ENVIRONMENT_YAML = (
    "https://github.com/MicrosoftDocs/azure-docs/blob/04c8bebde077f98cddcd631187d030bdec0978f6/"
    "articles/machine-learning/reference-yaml-environment.md"
)
DEPLOYMENT_YAML = (
    "https://github.com/MicrosoftDocs/azure-ai-docs/blob/"
    "280c976cdeb81186e4068104f91d1c73e4b062a6/articles/machine-learning/"
    "reference-yaml-deployment-managed-online.md"
)
QUOTAS = (
    "https://github.com/MicrosoftDocs/azure-ai-docs/blob/"
    "0c509fa99fcc187592b2b3a4e6e48bd8918e78d4/articles/machine-learning/how-to-manage-quotas.md"
)
SERVER_SOURCE = (
    "https://github.com/microsoft/azureml-inference-server/tree/"
    "4a7ea9b536b08973911526b2b8182a675db986ab"
)
ASSETS = "https://github.com/Azure/azureml-assets/tree/4b41f8ccbc01cf492767adc586ce1661c54c340a"
START_SCRIPT = (
    "https://github.com/Azure/azureml-assets/blob/4b41f8ccbc01cf492767adc586ce1661c54c340a/"
    "assets/training/model_management/environments/mlflow-model-inference/context/runit/"
    "gunicorn/run"
)
OWNERSHIP = (
    "https://github.com/Azure/azureml-assets/blob/4b41f8ccbc01cf492767adc586ce1661c54c340a/"
    "assets/training/model_management/environments/mlflow-model-inference/context/"
    "grant_ownership.sh"
)
MINIMAL_PY311 = (
    "https://github.com/Azure/azureml-assets/blob/4b41f8ccbc01cf492767adc586ce1661c54c340a/"
    "assets/inference/environments/minimal-py311-inference/context/Dockerfile"
)
EXAMPLES = "https://github.com/Azure/azureml-examples/tree/085cd6ea399038c1e07843acff811f34261c0887"
VNET_SAMPLE = (
    "https://github.com/Azure/azureml-examples/blob/085cd6ea399038c1e07843acff811f34261c0887/"
    "cli/endpoints/online/managed/vnet/sample/environment/Dockerfile"
)
CONTAINERS = (
    "https://github.com/Azure/AzureML-Containers/blob/7482feafdbdb968073ef153aace2b3b04c776f41/"
    "README.md"
)
SDK = "https://github.com/Azure/azure-sdk-for-python/tree/main/sdk/ml/azure-ai-ml"
ACR_TASKS = (
    "https://github.com/MicrosoftDocs/azure-docs/blob/019d47f9c79f42afc91699491a6eafcf9d7a5d00/"
    "articles/container-registry/container-registry-tasks-overview.md"
)
ACR_BUILDKIT = "https://github.com/Azure/acr/issues/721"
ACR_CACHE = "https://github.com/Azure/acr/issues/204"
NO_SERVER_ISSUE = "https://github.com/Azure/azureml-examples/issues/2760"
MODEL_PATH_ISSUE = "https://github.com/Azure/azureml-examples/issues/1068"
OLD_PYTHON_ISSUE = "https://github.com/MicrosoftLearning/mslearn-azure-ml/issues/41"
OPENCV_ISSUE = "https://github.com/Azure/MachineLearningNotebooks/issues/1782"
OPENCV_APT_ISSUE = "https://github.com/Azure/AzureML-Containers/issues/78"
ARM_ISSUE = "https://github.com/Azure/AzureML-Containers/issues/127"
SIZE_ISSUE = "https://github.com/Azure/AzureML-Containers/issues/104"
DOCKERFILE_PATH_ISSUE = "https://github.com/Azure/AzureML-Containers/issues/162"
CONTEXT_SIZE_ISSUE = "https://github.com/Azure/azure-cli-extensions/issues/5560"
IGNORE_ISSUE = "https://github.com/Azure/azure-cli/issues/22967"
ACR_IGNORE_ISSUE = "https://github.com/Azure/azure-cli/issues/30231"
LATEST_ISSUE = "https://github.com/Azure/azureml-sdk-for-r/issues/260"
MODULE_ISSUE = "https://github.com/Azure/azure-cli-extensions/issues/6819"
VERSION_ISSUE = "https://github.com/Azure/azure-cli-extensions/issues/5440"
SLOW_BUILD_ISSUE = "https://github.com/MicrosoftLearning/mslearn-azure-ml/issues/58"
LOCAL_ISSUE = "https://github.com/Azure/azure-sdk-for-python/issues/34593"
ARM_KEDRO_ISSUE = "https://github.com/getindata/kedro-azureml/issues/87"
ARM_VSCODE_ISSUE = "https://github.com/microsoft/vscode-tools-for-ai/issues/2692"
BUILD_CHECKS = "https://docs.docker.com/reference/build-checks/"
DOCKERFILE = "https://docs.docker.com/reference/dockerfile/"
