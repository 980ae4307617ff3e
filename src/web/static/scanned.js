// Where a scanned card leads: whoever holds a key goes on with what stands behind #, which never goes to the service.

for (const link of document.querySelectorAll('a[href="/emergency"]')) link.hash = location.hash;
