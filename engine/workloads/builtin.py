"""The built-in workloads by name."""

from .batch import BATCH
from .chat import CHAT
from .classification import CLASSIFICATION
from .code import CODE
from .rag import RAG

BUILTIN = {workload.name: workload for workload in (CHAT, CLASSIFICATION, RAG, CODE, BATCH)}
