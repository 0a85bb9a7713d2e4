// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITradepostEscrow} from "../src/ITradepostEscrow.sol";
import {Status, Terms} from "../src/Terms.sol";
import {EscrowTest} from "./EscrowTest.sol";
import {FeeOnTransferToken, HookAuthorizationToken, Wallet1271} from "./Hostile.sol";

/// @notice Locks that somebody else brings: the seller needs no native coin and no approval before.
contract LocksTest is EscrowTest {
    address private constant PERMIT2 = 0x000000000022D473030F116dDEE9F6B43aC78BA3;

    function setUp() public override {
        super.setUp();
        vm.prank(seller);
        token.approve(address(escrow), 0);
    }

    function tokenDigest(bytes32 structHash) private view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), structHash));
    }

    function authorizationDigest(address from, uint256 value, uint256 validBefore, bytes32 nonce)
        private
        view
        returns (bytes32)
    {
        bytes32 typeHash = keccak256(
            "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
        );
        return tokenDigest(
            keccak256(abi.encode(typeHash, from, address(escrow), value, 0, validBefore, nonce))
        );
    }

    function authorized(Terms memory terms) private view returns (bytes memory) {
        return sign(
            SELLER_KEY,
            authorizationDigest(
                terms.seller,
                uint256(terms.amount) + terms.fee,
                uint256(terms.fundBy) + 1,
                escrow.escrowId(terms)
            )
        );
    }

    function permitSigned(uint256 value, uint256 deadline)
        private
        view
        returns (uint8 v, bytes32 r, bytes32 s)
    {
        bytes32 typeHash = keccak256(
            "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
        );
        bytes32 structHash = keccak256(
            abi.encode(typeHash, seller, address(escrow), value, token.nonces(seller), deadline)
        );
        return vm.sign(SELLER_KEY, tokenDigest(structHash));
    }

    // ------------------------------------------------------------------ EIP-3009

    function testAuthorizationLocks() public {
        Terms memory terms = tokenTerms();
        bytes memory signature = authorized(terms);
        vm.warp(terms.fundBy);
        vm.expectEmit(address(escrow));
        emit ITradepostEscrow.Locked(escrow.escrowId(terms), seller, buyer);
        vm.prank(stranger);
        escrow.lockWithAuthorization(terms, signature);
        assertStatus(terms, Status.Locked);
        assertEq(token.balanceOf(address(escrow)), AMOUNT + FEE);
    }

    function testAuthorizationOfAContractWalletLocks() public {
        Terms memory terms = tokenTerms();
        terms.seller = address(new Wallet1271(seller));
        token.mint(terms.seller, AMOUNT + FEE);
        // A wallet's signature has any length.
        bytes memory signature = abi.encodePacked(authorized(terms), bytes32(0));
        escrow.lockWithAuthorization(terms, signature);
        assertStatus(terms, Status.Locked);
    }

    /// @notice Whoever sees the authorization first can do with it only what it is for.
    function testAuthorizationIsBoundToTheTerms() public {
        Terms memory terms = tokenTerms();
        bytes memory signature = authorized(terms);
        Terms memory forged = tokenTerms();
        forged.buyer = stranger;
        vm.expectPartialRevert(bytes4(keccak256("ERC3009InvalidSignature()")));
        escrow.lockWithAuthorization(forged, signature);
        forged = tokenTerms();
        forged.challengeWindow += 1;
        vm.expectPartialRevert(bytes4(keccak256("ERC3009InvalidSignature()")));
        escrow.lockWithAuthorization(forged, signature);
        // Nor does it make a deposit of the same coins, or a transfer to whoever calls the token.
        bytes32 id = escrow.escrowId(terms);
        uint256 validBefore = uint256(terms.fundBy) + 1;
        vm.expectPartialRevert(bytes4(keccak256("ERC3009InvalidSignature()")));
        escrow.depositWithAuthorization(
            address(token), seller, AMOUNT + FEE, validBefore, id, signature
        );
        vm.expectRevert(abi.encodeWithSignature("ERC20InvalidReceiver(address)", address(escrow)));
        vm.prank(stranger);
        token.receiveWithAuthorization(
            seller, address(escrow), AMOUNT + FEE, 0, validBefore, id, signature
        );
        escrow.lockWithAuthorization(terms, signature);
    }

    function testAuthorizationIsUsedOnce() public {
        Terms memory terms = tokenTerms();
        bytes memory signature = authorized(terms);
        escrow.lockWithAuthorization(terms, signature);
        vm.prank(buyer);
        escrow.refund(terms);
        expectLaneTaken(terms);
        escrow.lockWithAuthorization(terms, signature);
    }

    function testNativeCoinsHaveNoAuthorization() public {
        Terms memory terms = nativeTerms();
        vm.expectRevert(abi.encodeWithSelector(ITradepostEscrow.NoToken.selector, address(0)));
        escrow.lockWithAuthorization(terms, "");
        bytes memory signature = signedLock(SELLER_KEY, "Lock", terms);
        vm.expectRevert(abi.encodeWithSelector(ITradepostEscrow.NoToken.selector, address(0)));
        escrow.lockBySig(terms, signature);
    }

    function testAuthorizationMakesADeposit() public {
        bytes32 salt = keccak256("one");
        bytes32 nonce = keccak256(abi.encode("Tradepost deposit", salt));
        bytes memory signature =
            sign(SELLER_KEY, authorizationDigest(seller, AMOUNT, NOW + 1, nonce));
        vm.prank(stranger);
        escrow.depositWithAuthorization(address(token), seller, AMOUNT, NOW + 1, salt, signature);
        assertEq(escrow.balanceOf(address(token), seller), AMOUNT);
        vm.expectRevert(
            abi.encodeWithSignature("ERC3009UsedAuthorization(address,bytes32)", seller, nonce)
        );
        escrow.depositWithAuthorization(address(token), seller, AMOUNT, NOW + 1, salt, signature);
    }

    // ------------------------------------------------------------------ EIP-2612

    function testPermitAndSignatureLockInOneBatch() public {
        Terms memory terms = tokenTerms();
        bytes[] memory calls = permitAndLock(terms);
        vm.prank(stranger);
        assertEq(escrow.batch(1_000_000, calls), 0);
        assertStatus(terms, Status.Locked);
    }

    /// @notice A permit that somebody else brought before does not stop the lock that came with it.
    function testAFrontRunPermitStopsNothing() public {
        Terms memory terms = tokenTerms();
        bytes[] memory calls = permitAndLock(terms);
        (bool success,) = address(escrow).call(calls[0]);
        assertTrue(success);
        assertEq(escrow.batch(1_000_000, calls), 1);
        assertStatus(terms, Status.Locked);
    }

    /// @notice An allowance alone locks nothing: whoever finds one cannot choose the terms.
    function testAnAllowanceIsNoConsent() public {
        Terms memory terms = tokenTerms();
        vm.prank(seller);
        token.approve(address(escrow), type(uint256).max);
        terms.buyer = stranger;
        expectBadSignature(seller, lockDigest("Lock", terms));
        vm.prank(stranger);
        escrow.lockBySig(terms, "");
        bytes memory others = signedLock(STRANGER_KEY, "Lock", terms);
        expectBadSignature(seller, lockDigest("Lock", terms));
        escrow.lockBySig(terms, others);
        vm.expectRevert(
            abi.encodeWithSelector(ITradepostEscrow.NotSeller.selector, stranger, seller)
        );
        vm.prank(stranger);
        escrow.lock(terms);
    }

    function permitAndLock(Terms memory terms) private view returns (bytes[] memory calls) {
        uint256 total = uint256(terms.amount) + terms.fee;
        (uint8 v, bytes32 r, bytes32 s) = permitSigned(total, terms.fundBy);
        calls = new bytes[](2);
        calls[0] =
            abi.encodeCall(escrow.permit, (address(token), seller, total, terms.fundBy, v, r, s));
        calls[1] = abi.encodeCall(escrow.lockBySig, (terms, signedLock(SELLER_KEY, "Lock", terms)));
    }

    // ------------------------------------------------------------------ hooks

    /// @dev While what one lock brings is measured, a hook of the token brings a deposit.
    function withHook() private returns (HookAuthorizationToken coin) {
        coin = new HookAuthorizationToken();
        coin.mint(seller, 10 * uint256(AMOUNT));
        coin.callDuringTransfer(
            address(escrow),
            abi.encodeCall(
                escrow.depositWithAuthorization,
                (address(coin), seller, AMOUNT, FOREVER, bytes32(uint256(2)), new bytes(65))
            )
        );
    }

    function testAHookInAnAuthorizationBringsNothing() public {
        HookAuthorizationToken coin = withHook();
        escrow.depositWithAuthorization(
            address(coin), seller, AMOUNT, FOREVER, bytes32(uint256(1)), new bytes(65)
        );
        assertTrue(!coin.succeeded());
        assertEq(escrow.balanceOf(address(coin), seller), AMOUNT);
        assertEq(coin.balanceOf(address(escrow)), AMOUNT);
    }

    function testAHookInPermit2BringsNothing() public {
        givePermit2();
        HookAuthorizationToken coin = withHook();
        vm.prank(seller);
        coin.approve(PERMIT2, type(uint256).max);
        Terms memory terms = termsIn(address(coin));
        escrow.lockWithPermit2(terms, 1, permit2Signed(terms, 1));
        assertTrue(!coin.succeeded());
        assertEq(escrow.balanceOf(address(coin), seller), 0);
        assertStatus(terms, Status.Locked);
    }

    // ------------------------------------------------------------------ Permit2

    /// @dev The code of Permit2 (MIT licence), as its sources in version 1.0.3 of the npm package
    /// v4-periphery of uniswap build with solc 0.8.17, by IR, 1,000,000 runs, without a metadata hash.
    function givePermit2() private {
        vm.etch(PERMIT2, vm.parseBytes(vm.readFile("contracts/test/Permit2.hex")));
        // Its constructor runs in place, so that its domain is the real one.
        (bool success, bytes memory code) = PERMIT2.call("");
        assertTrue(success);
        vm.etch(PERMIT2, code);
        vm.prank(seller);
        token.approve(PERMIT2, type(uint256).max);
    }

    function permit2Signed(Terms memory terms, uint256 nonce) private view returns (bytes memory) {
        bytes32 tokenType = keccak256("TokenPermissions(address token,uint256 amount)");
        bytes32 permitType = keccak256(
            abi.encodePacked(
                "PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,Terms witness)",
                TERMS,
                "TokenPermissions(address token,uint256 amount)"
            )
        );
        uint256 total = uint256(terms.amount) + terms.fee;
        bytes32 structHash = keccak256(
            abi.encode(
                permitType,
                keccak256(abi.encode(tokenType, terms.token, total)),
                address(escrow),
                nonce,
                terms.fundBy,
                termsHash(terms)
            )
        );
        bytes32 domainType =
            keccak256("EIP712Domain(string name,uint256 chainId,address verifyingContract)");
        bytes32 domain_ =
            keccak256(abi.encode(domainType, keccak256("Permit2"), block.chainid, PERMIT2));
        return sign(SELLER_KEY, keccak256(abi.encodePacked(hex"1901", domain_, structHash)));
    }

    function testPermit2Locks() public {
        givePermit2();
        Terms memory terms = tokenTerms();
        bytes memory signature = permit2Signed(terms, 7);
        vm.prank(stranger);
        escrow.lockWithPermit2(terms, 7, signature);
        assertStatus(terms, Status.Locked);
        assertEq(token.balanceOf(address(escrow)), AMOUNT + FEE);
        vm.prank(buyer);
        escrow.refund(terms);
        vm.warp(terms.fundBy);
        Terms memory again = tokenTerms();
        again.lane += 1;
        vm.expectPartialRevert(bytes4(keccak256("InvalidNonce()")));
        escrow.lockWithPermit2(again, 7, signature);
    }

    /// @notice What arrives is counted, and not what is there.
    function testPermit2LocksBesideWhatIsThere() public {
        givePermit2();
        for (uint256 i = 0; i < 2; ++i) {
            Terms memory terms = tokenTerms();
            terms.lane += i;
            escrow.lockWithPermit2(terms, i, permit2Signed(terms, i));
            assertStatus(terms, Status.Locked);
        }
        assertEq(token.balanceOf(address(escrow)), 2 * (AMOUNT + FEE));
    }

    function testPermit2IsMeasuredToo() public {
        FeeOnTransferToken coin = new FeeOnTransferToken();
        token = coin;
        fund(address(coin));
        givePermit2();
        Terms memory terms = termsIn(address(coin));
        bytes memory signature = permit2Signed(terms, 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                ITradepostEscrow.WrongAmountArrived.selector,
                address(coin),
                AMOUNT + FEE,
                uint256(AMOUNT + FEE) * 99 / 100
            )
        );
        escrow.lockWithPermit2(terms, 1, signature);
    }

    function testPermit2IsBoundToTheTerms() public {
        givePermit2();
        Terms memory terms = tokenTerms();
        bytes memory signature = permit2Signed(terms, 7);
        terms.buyer = stranger;
        vm.expectPartialRevert(bytes4(keccak256("InvalidSigner()")));
        escrow.lockWithPermit2(terms, 7, signature);
    }

    function testWithoutPermit2NothingIsLocked() public {
        Terms memory terms = tokenTerms();
        bytes memory signature = permit2Signed(terms, 7);
        (bool success,) =
            address(escrow).call(abi.encodeCall(escrow.lockWithPermit2, (terms, 7, signature)));
        assertTrue(!success);
        assertStatus(terms, Status.None);
    }
}
