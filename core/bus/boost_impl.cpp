// The one place where Asio is compiled; everything else only sees its declarations.
#include <boost/asio/impl/src.hpp>
