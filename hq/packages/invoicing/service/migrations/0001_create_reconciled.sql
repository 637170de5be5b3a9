CREATE TABLE invoicing_reconciled (
    tenant_id TEXT NOT NULL,
    invoice_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    run_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, invoice_id)
) STRICT, WITHOUT ROWID;
