// Package bulk puts what many files hold into the order and the batches in which
// it can be stored: what others refer to comes first, and each batch is one
// transaction.
//
// It owns the order of types and the size of batches. It does not read files
// (feed/files does), choose ids or store.
//
// The one path through it: Batches reads the files once per stage of the order
// and yields one batch after the other; only one is in memory. Files of one type, as Bulk
// Data writes them, are read twice.
package bulk
