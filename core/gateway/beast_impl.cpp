// The one place where Beast is compiled; everything else only sees its declarations.
#include <boost/beast/src.hpp>
