"""The contracts: one YAML file for each extract, the only place that defines its columns, key, window and identifiers."""

from .model import Column, Contract, ContractError, PoliceUk, load_contracts, plain_header, read_contract

__all__ = ["Column", "Contract", "ContractError", "PoliceUk", "load_contracts", "plain_header", "read_contract"]
