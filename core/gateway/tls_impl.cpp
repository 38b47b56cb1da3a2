// The one place where Asio's TLS is compiled; everything else only sees its declarations.
#include <boost/asio/ssl/impl/src.hpp>
