"""The contracts: one YAML file for each extract, the only place that defines its columns, key, window and identifiers, and for
how many years its rows are kept (`keep_years`)."""

from .model import Column, Contract, ContractError, PoliceUk, load_contracts, plain_header, read_contract

__all__ = ["Column", "Contract", "ContractError", "PoliceUk", "load_contracts", "plain_header", "read_contract"]
