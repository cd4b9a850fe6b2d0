/* TLS beneath a program that calls recv, send, accept4 and close on nonblocking sockets, without changing it:
 *
 *     gcc -O2 -include tls_sockets.h server.c -lssl -lcrypto
 *
 * Certificate and key are the files that TLS_CERTIFICATE and TLS_KEY name. Each send is one record; what is received
 * is decrypted until there is no more, for a record's rest makes no socket readable. Single-threaded, Linux. */
#define _GNU_SOURCE
#include <errno.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST_SOCKETS 65536
static SSL *tls_of[MOST_SOCKETS];

static int tls_accept4(int listener, void *address, void *length, int flags) {
  static SSL_CTX *context;
  if (!context) {
    context = SSL_CTX_new(TLS_server_method());
    if (SSL_CTX_use_certificate_file(context, getenv("TLS_CERTIFICATE"), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, getenv("TLS_KEY"), SSL_FILETYPE_PEM) != 1)
      abort();
  }
  int fd = accept4(listener, address, length, flags);
  if (fd < 0) return fd;
  SSL *tls = SSL_new(context);
  SSL_set_fd(tls, fd);
  SSL_set_accept_state(tls);
  tls_of[fd] = tls;
  return fd;
}

static ssize_t tls_failed(SSL *tls, int result) {
  int error = SSL_get_error(tls, result);
  if (error == SSL_ERROR_ZERO_RETURN) return 0;
  errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : ECONNRESET;
  return -1;
}

static ssize_t tls_recv(int fd, void *buffer, size_t room, int flags) {
  (void)flags;
  size_t have = 0;
  while (have < room) {
    int got = SSL_read(tls_of[fd], (char *)buffer + have, (int)(room - have));
    if (got <= 0) return have ? (ssize_t)have : tls_failed(tls_of[fd], got);
    have += (size_t)got;
  }
  return (ssize_t)have;
}

static ssize_t tls_send(int fd, const void *data, size_t length, int flags) {
  (void)flags;
  int sent = SSL_write(tls_of[fd], data, (int)length);
  return sent > 0 ? sent : tls_failed(tls_of[fd], sent);
}

static int tls_close(int fd) {
  if (tls_of[fd]) {
    SSL_free(tls_of[fd]);
    tls_of[fd] = NULL;
  }
  return close(fd);
}

#define accept4(listener, address, length, flags) tls_accept4(listener, address, length, flags)
#define recv tls_recv
#define send tls_send
#define close tls_close
