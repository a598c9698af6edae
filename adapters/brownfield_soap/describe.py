"""A model → the contract in normal form."""

from brownfield.contract import Contract, FaultShape, OperationShape
from brownfield_soap.answer import answer, detail
from brownfield_soap.model import Fault, Model, Operation
from brownfield_soap.schema import input_schema, output_schema


def contract(model: Model) -> Contract:
    """The contract of every operation. The same model gives the same bytes of canonical JSON."""
    operations = {name: shape(model, operation) for name, operation in model.operations.items()}
    return Contract(operations=operations, notes=model.notes)


def shape(model: Model, operation: Operation) -> OperationShape:
    """One operation in normal form."""
    result = answer(model, operation.reply)
    return OperationShape(
        input=input_schema(model, operation.request),
        output=output_schema(model, result),
        faults=tuple(_fault(model, fault) for fault in operation.faults),
        documentation=operation.documentation,
        rows="items" if result.rows else None,
    )


def _fault(model: Model, fault: Fault) -> FaultShape:
    return FaultShape(
        name=fault.name,
        documentation=fault.documentation,
        detail=output_schema(model, detail(model, fault.part)),
    )
