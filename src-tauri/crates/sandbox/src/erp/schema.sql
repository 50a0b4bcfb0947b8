-- The client's ERP. Triggers keep row_version and modified_at, whoever writes.
CREATE TABLE IF NOT EXISTS erp_clock (
    only_row  INTEGER PRIMARY KEY CHECK (only_row = 1),
    fixed     TEXT,                                   -- the time that stands still, or NULL for the machine's
    skew      TEXT NOT NULL DEFAULT '+0.000 seconds'  -- added to the machine's time
);
INSERT OR IGNORE INTO erp_clock (only_row) VALUES (1);

CREATE TABLE IF NOT EXISTS customers (
    customer_no   TEXT NOT NULL PRIMARY KEY,
    first_name    TEXT,
    last_name     TEXT NOT NULL,
    email         TEXT,
    phone         TEXT,
    street        TEXT,
    city          TEXT,
    postcode      TEXT,
    country       TEXT,
    credit_limit  NUMERIC,
    status        TEXT CHECK (status IS NULL OR status IN ('A', 'P', 'B')),
    birthday      DATE,
    notes         TEXT,
    payment_terms TEXT NOT NULL DEFAULT '30 days net',
    deleted       INTEGER NOT NULL DEFAULT 0,
    row_version   INTEGER NOT NULL DEFAULT 1,
    modified_at   TEXT
);
CREATE INDEX IF NOT EXISTS customers_modified ON customers (modified_at, customer_no);
CREATE INDEX IF NOT EXISTS customers_email ON customers (email);

CREATE TABLE IF NOT EXISTS products (
    sku           TEXT NOT NULL PRIMARY KEY,
    name          TEXT NOT NULL,
    price         NUMERIC NOT NULL,
    stock         INTEGER,
    category      TEXT,
    active        BOOLEAN NOT NULL DEFAULT 1,
    description   TEXT,
    weight_grams  INTEGER,
    warehouse_bin TEXT,
    deleted       INTEGER NOT NULL DEFAULT 0,
    row_version   INTEGER NOT NULL DEFAULT 1,
    modified_at   TEXT
);
CREATE INDEX IF NOT EXISTS products_modified ON products (modified_at, sku);

CREATE TRIGGER IF NOT EXISTS customers_insert AFTER INSERT ON customers BEGIN
    UPDATE customers
       SET row_version = 1,
           modified_at = (SELECT coalesce(fixed, strftime('%Y-%m-%dT%H:%M:%fZ', 'now', skew)) FROM erp_clock)
     WHERE customer_no = NEW.customer_no;
END;
CREATE TRIGGER IF NOT EXISTS customers_update AFTER UPDATE ON customers WHEN NEW.row_version = OLD.row_version AND NEW.modified_at IS OLD.modified_at BEGIN
    UPDATE customers
       SET row_version = OLD.row_version + 1,
           modified_at = (SELECT coalesce(fixed, strftime('%Y-%m-%dT%H:%M:%fZ', 'now', skew)) FROM erp_clock)
     WHERE customer_no = NEW.customer_no;
END;
CREATE TRIGGER IF NOT EXISTS products_insert AFTER INSERT ON products BEGIN
    UPDATE products
       SET row_version = 1,
           modified_at = (SELECT coalesce(fixed, strftime('%Y-%m-%dT%H:%M:%fZ', 'now', skew)) FROM erp_clock)
     WHERE sku = NEW.sku;
END;
CREATE TRIGGER IF NOT EXISTS products_update AFTER UPDATE ON products WHEN NEW.row_version = OLD.row_version AND NEW.modified_at IS OLD.modified_at BEGIN
    UPDATE products
       SET row_version = OLD.row_version + 1,
           modified_at = (SELECT coalesce(fixed, strftime('%Y-%m-%dT%H:%M:%fZ', 'now', skew)) FROM erp_clock)
     WHERE sku = NEW.sku;
END;
